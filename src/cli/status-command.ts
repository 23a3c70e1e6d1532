import type { NodeStatus } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { columns } from './columns.ts';
import { endpointsFrom } from './endpoints.ts';
import { exitCodeFor, exitCodes, messageFor } from './exit-codes.ts';
import { print, printJson } from './output.ts';

/** What one endpoint said, or why it said nothing. */
type Answer =
  | { readonly endpoint: string; readonly status: NodeStatus }
  | { readonly endpoint: string; readonly error: string };

/** Asks every endpoint and every member that they name. Ends well if one of them knows a leader. */
export async function showStatus(flags: ClientFlags & { readonly json?: boolean }): Promise<number> {
  const answers = await askAll(endpointsFrom(flags, process.env), flags);
  if (flags.json === true) printJson({ nodes: answers });
  else print(columns(head, answers.map(rowOf)));
  return answers.some((answer) => 'status' in answer && answer.status.leader !== undefined) ? 0 : exitCodes.unavailable;
}

async function askAll(endpoints: readonly string[], flags: ClientFlags): Promise<readonly Answer[]> {
  const first = await Promise.all(endpoints.map((endpoint) => ask(endpoint, flags)));
  const heard = new Set(first.flatMap((answer) => ('status' in answer ? [answer.status.nodeId] : [])));
  const members = first.flatMap((answer) => ('status' in answer ? answer.status.members : []));
  const further = new Map(members.filter(({ id }) => !heard.has(id)).map(({ id, address }) => [id, address]));
  const unasked = [...further.values()].filter((address) => !endpoints.includes(address));
  return [...first, ...(await Promise.all(unasked.map((endpoint) => ask(endpoint, flags))))];
}

async function ask(endpoint: string, flags: ClientFlags): Promise<Answer> {
  try {
    await using client = await connectWith(flags, { endpoints: [endpoint], requireLeader: false });
    return { endpoint, status: await client.status() };
  } catch (error) {
    // Not this endpoint's doing: it would be wrong for every one.
    if (exitCodeFor(error) === exitCodes.usage) throw error;
    return { endpoint, error: messageFor(error) };
  }
}

const head = ['NODE', 'ENDPOINT', 'ROLE', 'TERM', 'LEADER', 'COMMIT', 'APPLIED', 'REMARK'] as const;

function rowOf(answer: Answer): readonly string[] {
  if ('error' in answer) return ['?', answer.endpoint, 'unreachable', '', '', '', '', answer.error];
  const { nodeId, role, term, leader, commitIndex, appliedIndex, reason } = answer.status;
  const figures = [term, leader ?? 'none', commitIndex, appliedIndex].map(String);
  return [nodeId, answer.endpoint, role, ...figures, reason ?? ''];
}
