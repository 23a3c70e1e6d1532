import { describe, expect, it } from 'vitest';
import { Swarm } from './swarm.ts';

/** `SWARM_FROM=1000 SWARM_SEEDS=500 npx vitest run test/node/swarm.test.ts` hunts further afield. */
const from = Number(process.env['SWARM_FROM'] ?? 1);
const seeds = Number(process.env['SWARM_SEEDS'] ?? 20);

describe('whole nodes under random faults', () => {
  it(`never show one lock held twice, and serve everybody afterwards (${seeds} seeds)`, { timeout: 3_600_000 }, () => {
    let grants = 0;
    let faults = 0;
    for (let seed = from; seed < from + seeds; seed += 1) {
      const report = new Swarm(seed).run();
      grants += report.grants;
      faults += report.faults;
    }

    expect(grants).toBeGreaterThan(seeds * 20);
    expect(faults).toBeGreaterThan(seeds * 10);
  });
});
