import type { ClusterEvent, EventPosition } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { usageFailure } from './exit-codes.ts';
import { print, printJson } from './output.ts';

export interface WatchFlags extends ClientFlags {
  readonly json?: boolean;
  readonly prefix?: string;
  readonly after?: EventPosition | number;
}

/** Prints what happens, one line an event, until the program is ended or an event can no longer be had. */
export async function watch({ json, prefix, after, ...flags }: WatchFlags): Promise<void> {
  await using client = await connectWith(flags);
  for await (const event of client.events({ prefix, after })) {
    if (json === true) printJson(event);
    else print(lineOf(event));
  }
}

/** `INDEX.PLACE` as it is printed, or the `INDEX` of an entry, for all that it caused. */
export function positionOf(text: string): EventPosition | number {
  const [, index, place] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text) ?? [];
  if (index === undefined) {
    throw usageFailure(`--after: expected a position such as 1234.0, or a log index such as 1234, got "${text}"`);
  }
  return place === undefined ? Number(index) : { index: Number(index), place: Number(place) };
}

const lineOf = (event: ClusterEvent): string =>
  [`${event.index}.${event.place}`, new Date(event.time).toISOString(), event.kind, ...wordsOf(event)].join('  ');

/** Actor and reason as JSON texts: people wrote them, and a line has columns. */
const byWords = (by: { readonly actor: string; readonly reason: string } | undefined): readonly string[] =>
  by === undefined ? [] : [`by ${JSON.stringify(by.actor)}`, `because ${JSON.stringify(by.reason)}`];

function wordsOf(event: ClusterEvent): readonly string[] {
  switch (event.kind) {
    case 'granted':
    case 'released':
    case 'orphaned':
      return [event.name, `token ${event.token}`, `session ${event.session}`];
    case 'lost': {
      const why = event.reason === undefined ? [] : [event.reason];
      return [event.name, `token ${event.token}`, `session ${event.session}`, ...why, ...byWords(event.by)];
    }
    case 'revoke-requested':
      return [event.name, `token ${event.token}`, `session ${event.session}`, ...byWords(event.by)];
    case 'converted':
      return [event.name, `mode ${event.mode}`, `token ${event.token}`, `session ${event.session}`];
    case 'proclaimed':
      return [event.name, `token ${event.token}`, `session ${event.session}`, JSON.stringify(event.metadata)];
    case 'queued':
    case 'cancelled':
      return [event.name, `session ${event.session}`];
    case 'session-opened':
      return [`session ${event.session}`, event.label, event.node === null ? 'remote' : `at ${event.node}`];
    case 'session-ended':
      return [`session ${event.session}`, event.end, ...byWords(event.by)];
    case 'membership':
      return event.members.map(({ id, address, voter }) => `${id}=${address}${voter ? '' : ' (learner)'}`);
    default:
      return event satisfies never;
  }
}
