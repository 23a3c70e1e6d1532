import { describe, expect, it } from 'vitest';
import { Notices } from '../../src/transport/notices.ts';
import { VirtualClock } from '../api/virtual-clock.ts';

const world = () => {
  const lines: object[] = [];
  const clock = new VirtualClock();
  const logger = { debug: () => {}, info: () => {}, warn: (fields: object) => void lines.push(fields) };
  return { lines, clock, notices: new Notices(logger, clock) };
};

describe('what strangers do', () => {
  it('is told once a minute per source and kind, and how often it was not told', () => {
    const { lines, clock, notices } = world();

    for (let second = 0; second < 150; second += 1) {
      notices.warn('stranger', '10.0.0.9', 'a connection ended without a valid introduction');
      clock.pass(1_000);
    }

    expect(lines).toEqual([
      { kind: 'stranger', peer: '10.0.0.9', suppressed: 0 },
      { kind: 'stranger', peer: '10.0.0.9', suppressed: 59 },
      { kind: 'stranger', peer: '10.0.0.9', suppressed: 59 },
    ]);
  });

  it('of another source or another kind is told at once', () => {
    const { lines, notices } = world();

    notices.warn('refused:OLD_RUN', 'x', 'the run is old');
    notices.warn('refused:WRONG_CLUSTER', 'x', 'another cluster');
    notices.warn('refused:OLD_RUN', 'y', 'the run is old');

    expect(lines).toHaveLength(3);
  });

  it('costs no memory for each of a million sources', () => {
    const { lines, notices } = world();

    for (let source = 0; source < 1_001; source += 1) notices.warn('stranger', String(source), 'knock');
    notices.warn('stranger', '1000', 'knock');
    notices.warn('stranger', '0', 'knock');

    expect(lines.at(-1)).toMatchObject({ peer: '0' });
    expect(lines).toHaveLength(1_002);
  });
});
