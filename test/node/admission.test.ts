import { describe, expect, it } from 'vitest';
import { Admission } from '../../src/node/admission.ts';
import { Members } from '../../src/node/members.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('a refusal for an old run', () => {
  const oldRun = { code: 'OLD_RUN', text: 'b says run 2, the cluster knows run 5' } as const;
  const condemned = (by: 'peer' | 'us'): readonly string[] => {
    const said: string[] = [];
    const identity = { clusterId: 'c', nodeId: 'a', incarnation: 'i', run: 1 };
    const self = { boot: 'x', address: 'a:1', first: { a: 'a:1', b: 'b:1' } };
    const members = new Members(identity, self, {
      configuration: () => undefined,
      runOf: () => undefined,
      isQuarantined: () => false,
    });
    const admission = new Admission({
      members,
      logger: quiet,
      replica: () => undefined,
      moved: () => {},
      form: () => {},
      outlived: (text) => said.push(text),
    });
    admission.refused('b', { ...oldRun, by });
    return said;
  };

  it('condemns who is told so by a peer', () => {
    expect(condemned('peer')).toHaveLength(1);
  });

  it('says nothing of the node that turned an old copy away', () => {
    expect(condemned('us')).toEqual([]);
  });
});
