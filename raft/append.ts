import { violation } from './invariant.ts';
import type { Append } from './message.ts';
import type { Server } from './server.ts';
import type { Entry, LogIndex } from './types.ts';

/** A follower's side of replication: takes over what is new, cuts what differs, answers (paper, 5.3). */
export function receiveAppend(server: Server, append: Append): void {
  checkShape(append);
  const { log } = server;
  const { prevIndex, prevTerm, entries } = append;
  // Everything committed here is in the log of every later leader, so below our commit there is nothing to compare.
  const agrees = prevIndex <= server.commit ? committedAgrees(server, append) : log.agreesAt(prevIndex, prevTerm);
  if (!agrees) {
    reject(server, append);
    return;
  }
  for (const entry of entries) take(server, entry);
  const verified = prevIndex + entries.length;
  const commit = Math.min(append.commit, verified);
  if (commit > server.commit) server.commitTo(commit);
  const match = Math.max(verified, server.commit);
  const { self, term } = server;
  server.post(
    { kind: 'append-reply', from: self, to: append.from, term, accepted: true, request: append.request, match },
    match,
  );
}

/** Messages come from a leader of our cluster: one that breaks these laws must not be followed any further (I21). */
function checkShape(append: Append): void {
  let index = append.prevIndex;
  let term = append.prevTerm;
  for (const entry of append.entries) {
    if (entry.index !== index + 1) violation(`entry ${entry.index} follows ${index} in an append of ${append.from}`);
    if (entry.term < term || entry.term > append.term) {
      violation(`entry ${entry.index} of term ${entry.term} follows term ${term} in an append of term ${append.term}`);
    }
    index = entry.index;
    term = entry.term;
  }
}

function committedAgrees(server: Server, append: Append): true {
  const held = server.log.termAt(append.prevIndex);
  if (held !== undefined && held !== append.prevTerm) {
    violation(
      `entry ${append.prevIndex} is committed in term ${held}, ${append.from} leads with one of ${append.prevTerm}`,
    );
  }
  return true;
}

/** Takes one entry: what we hold already stays, or a late append would cut acknowledged entries away (S20). */
function take(server: Server, entry: Entry): void {
  const { log } = server;
  if (entry.index <= log.base.index) return;
  const held = log.at(entry.index);
  if (held !== undefined && held.term === entry.term) {
    if (held.chain !== entry.chain) violation(`two logs differ at (${entry.index}, ${entry.term})`);
    return;
  }
  if (held !== undefined) server.truncateFrom(entry.index);
  server.extend(entry);
}

/** Names the last place where the logs may agree, going back over a whole term at a time (S27). */
function reject(server: Server, append: Append): void {
  const { self, term, log } = server;
  const { request, prevIndex } = append;
  const hint: LogIndex = Math.max(server.commit, log.lastAtMost(Math.min(prevIndex, log.last.index), append.prevTerm));
  server.post({
    kind: 'append-reply',
    from: self,
    to: append.from,
    term,
    accepted: false,
    request,
    prevIndex,
    hintIndex: hint,
    hintTerm: log.termAt(hint) ?? violation(`no term at ${hint}, the log begins at ${log.base.index}`),
    lastIndex: log.last.index,
  });
}
