import type { Operation, Part } from './history.ts';

/** An operation in one line. Times are milliseconds of the history's clock. */
export function wordsOf(operation: Operation): string {
  const { line, process, invokedAt, outcome } = operation;
  const until = outcome.kind === 'ok' ? milliseconds(outcome.at) : '?';
  return `line ${line}: [${milliseconds(invokedAt)}..${until}] process ${process}: ${callOf(operation)} -> ${resultOf(operation)}`;
}

const milliseconds = (time: bigint): string => (Number(time) / 1e6).toFixed(3);

function callOf({ f, call }: Operation): string {
  const parts: string[] = [f];
  if ('name' in call) parts.push(call.name);
  if ('parts' in call) parts.push(call.parts.map(partWords).join(' and '));
  if ('client' in call && call.client !== '') parts.push(`by ${call.client}`);
  if ('token' in call) parts.push(`token ${call.token}`);
  if ('owner' in call && call.owner !== undefined) parts.push(`for ${call.owner}`);
  if ('reenters' in call && call.reenters === true) parts.push('once more or first');
  if ('mode' in call && call.mode !== 'w') parts.push(call.mode === 'r' ? 'to read' : 'upgradeable');
  if ('to' in call) parts.push(`to ${call.to}`);
  if ('permits' in call && call.permits !== undefined && call.permits !== 1) parts.push(`${call.permits} permits`);
  if ('consistency' in call && call.consistency === 'stale') parts.push('stale');
  return parts.join(' ');
}

const partWords = ({ name, mode, permits }: Part): string =>
  `${name}${mode === 'w' ? '' : ` ${mode}`}${permits === 1 ? '' : ` x${permits}`}`;

function resultOf({ outcome }: Operation): string {
  if (outcome.kind !== 'ok') return outcome.kind === 'fail' ? 'failed' : 'unknown';
  const { result } = outcome;
  if ('granted' in result) {
    if (result.granted) return `granted, token ${result.token}`;
    if (result.reason === 'wrong-limit') return `refused: it has ${result.limit} permits`;
    if (result.reason !== 'deadlock') return `refused: ${result.reason}`;
    return `refused: ${result.cycle.map(({ owner, lock }) => `${owner ?? 'somebody'} waits at ${lock}`).join(', ')}`;
  }
  if ('done' in result) return result.done ? 'done' : `not done: ${result.reason ?? 'no reason'}`;
  if ('released' in result) return result.released ? 'released' : `not released: ${result.reason ?? 'not held'}`;
  if ('held' in result) return result.held ? 'held' : 'not held';
  if ('accepted' in result) return result.accepted ? 'accepted' : 'rejected';
  if ('holders' in result) {
    const holders = result.holders.map(({ client, token, count }) =>
      count === undefined ? `${client} token ${token}` : `${client} token ${token} x${count}`,
    );
    return holders.length === 0 ? 'nobody' : holders.join(', ');
  }
  return 'reason' in result && result.reason === 'session' ? 'refused: session' : 'ok';
}
