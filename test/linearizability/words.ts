import type { Operation } from './history.ts';

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
  if ('client' in call && call.client !== '') parts.push(`by ${call.client}`);
  if ('token' in call) parts.push(`token ${call.token}`);
  if ('mode' in call && call.mode === 'r') parts.push('to read');
  if ('permits' in call && call.permits !== undefined && call.permits !== 1) parts.push(`${call.permits} permits`);
  if ('consistency' in call && call.consistency === 'stale') parts.push('stale');
  return parts.join(' ');
}

function resultOf({ outcome }: Operation): string {
  if (outcome.kind !== 'ok') return outcome.kind === 'fail' ? 'failed' : 'unknown';
  const { result } = outcome;
  if ('granted' in result) return result.granted ? `granted, token ${result.token}` : `refused: ${result.reason}`;
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
