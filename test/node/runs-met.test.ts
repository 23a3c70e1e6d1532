import { describe, expect, it } from 'vitest';
import { Members } from '../../src/node/members.ts';
import type { Hello } from '../../src/transport/index.ts';

const identity = { clusterId: 'c', nodeId: 'a', incarnation: 'i', run: 1 };
const self = { boot: 'x', address: 'a:1', first: { a: 'a:1', b: 'b:1' } };
const voters = [
  { id: 'a@i', address: 'a:1' },
  { id: 'b@j', address: 'b:1' },
];

/** A formed node whose table has recorded nobody's start: no leader has committed anything yet. */
const formed = (): Members =>
  new Members(identity, self, {
    configuration: () => ({ index: 0, configuration: { voters, outgoing: [], learners: [] } }),
    runOf: () => undefined,
    isQuarantined: () => false,
  });

const helloOf = (run: number, boot: string, incarnation = 'j'): Hello => ({
  ...{ clusterId: 'c', nodeId: 'b', incarnation, run, boot },
  ...{ configIndex: 0, membersHash: '', address: 'b:1', genesis: [] },
});

describe('a peer that met a newer process of a directory, before any leader recorded it', () => {
  it.each([
    ['an older run', helloOf(2, 'old')],
    ['a second process of the same run', helloOf(3, 'copy')],
  ])('refuses %s of it', (_what, hello) => {
    const members = formed();
    members.judge(helloOf(3, 'new'), false);

    const refused = members.judge(hello, false);

    expect(refused?.code).toBe('OLD_RUN');
  });

  it('lets the next run in, and the same process again', () => {
    const members = formed();
    members.judge(helloOf(3, 'new'), false);

    expect(members.judge(helloOf(3, 'new'), true)).toBeUndefined();
    expect(members.judge(helloOf(4, 'later'), false)).toBeUndefined();
  });

  it('remembers nothing of a process that it turned away', () => {
    const members = formed();
    members.judge(helloOf(9, 'stranger', 'k'), false);

    const admitted = members.judge(helloOf(1, 'first'), false);

    expect(admitted).toBeUndefined();
  });
});
