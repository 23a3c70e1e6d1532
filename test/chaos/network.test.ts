import { describe, expect, it } from 'vitest';
import { waysBetween } from './network.ts';

describe('the ways of a network', () => {
  it('lead from every process to every node but itself, and never to a client', () => {
    const ways = waysBetween(['a', 'b'], ['c']).map(({ from, to }) => `${from}${to}`);

    expect(ways).toEqual(['ab', 'ba', 'ca', 'cb']);
  });
});
