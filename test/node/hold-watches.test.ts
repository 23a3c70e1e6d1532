import { describe, expect, it } from 'vitest';
import { HoldWatches } from '../../src/node/hold-watches.ts';
import {
  type AcquireAll,
  type Command,
  defaultTableLimits,
  type HoldName,
  type Mode,
  Table,
} from '../../src/table/index.ts';
import { VirtualClock } from '../api/virtual-clock.ts';

const perSessionMax = 3;

/** A node's watches beside its table, with sessions 1 to 4; `told` is `session:name:token` of each notice. */
class Scene {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  table = new Table(defaultTableLimits);
  readonly watches = new HoldWatches({
    clock: this.clock,
    perSessionMax,
    views: () => this.table.views,
    listenerOf: (session) => ({ contended: ({ name, token }) => this.told.push(`${session}:${name}:${token}`) }),
  });
  #index = 0;
  readonly #sequences = new Map<number, number>();

  constructor() {
    for (const n of [1, 2, 3, 4]) {
      this.apply({ kind: 'open', nonce: `${n}`.padStart(32, '0'), ttlMs: 9_000, home: undefined, label: '' });
    }
  }

  apply(command: Command): void {
    this.#index += 1;
    this.table.apply(this.#index, 0, command, (event) => {
      if (this.watches.areSome) this.watches.heard(event);
    });
  }

  turn(session: number): { readonly session: number; readonly sequence: number; readonly mark: 0 } {
    const sequence = (this.#sequences.get(session) ?? 0) + 1;
    this.#sequences.set(session, sequence);
    return { session, sequence, mark: 0 };
  }

  /** Gives the sequence. */
  acquire(session: number, name: string, mode: Mode = 'X'): number {
    return this.acquireAll(session, [name], mode);
  }

  acquireAll(session: number, names: readonly string[], mode: Mode): number {
    const turn = this.turn(session);
    const parts = names.map((name) => ({ name, mode, permits: 1, limit: mode === 'S' ? 1 : 0 }));
    const request: AcquireAll = { ...turn, kind: 'acquire-all', parts, waits: true, owner: undefined, reenters: false };
    const [name = ''] = names;
    this.apply(mode === 'X' && names.length === 1 ? { ...turn, kind: 'acquire', name, mode, waits: true } : request);
    return turn.sequence;
  }

  release(session: number, name: string, token: number): void {
    this.apply({ ...this.turn(session), kind: 'release', name, token });
  }

  cancel(session: number, target: number): void {
    this.apply({ ...this.turn(session), kind: 'cancel', target });
  }

  upgrade(session: number, name: string, token: number): number {
    const turn = this.turn(session);
    this.apply({ ...turn, kind: 'upgrade', name, token, waits: true });
    return turn.sequence;
  }

  watch(session: number, hold: HoldName): void {
    this.watches.add(session, hold);
    this.clock.pass(1);
  }
}

const x = { name: 'x', token: 1 } as const;

describe('a hold that is watched', () => {
  it('is told once when somebody comes to wait, however many come', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.watch(1, x);
    const before = [...scene.told];

    scene.acquire(2, 'x');
    scene.acquire(3, 'x');

    expect([before, scene.told]).toEqual([[], ['1:x:1']]);
  });

  it('is told soon, but not inside the call, that somebody waits already', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.acquire(2, 'x');

    scene.watches.add(1, x);
    const inside = [...scene.told];
    scene.clock.pass(1);

    expect([inside, scene.told]).toEqual([[], ['1:x:1']]);
  });

  it('is told again only after nobody waited any more', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.watch(1, x);
    const first = scene.acquire(2, 'x');
    const second = scene.acquire(3, 'x');

    scene.cancel(2, first);
    scene.acquire(4, 'x');
    const whileSomeWait = scene.told.length;
    scene.apply({ kind: 'close', session: 4 });
    scene.cancel(3, second);
    scene.acquire(2, 'x');

    expect(whileSomeWait).toBe(1);
    expect(scene.told).toEqual(['1:x:1', '1:x:1']);
  });

  it('is not told again by a request that is repeated', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.watch(1, x);
    const first = scene.acquire(2, 'x');
    const second = scene.acquire(3, 'x');
    scene.cancel(2, first);

    scene.apply({ kind: 'acquire', session: 3, sequence: second, mark: 0, name: 'x', mode: 'X', waits: true });

    expect(scene.told).toHaveLength(1);
  });

  it('is told of whoever waits for several locks, and of permits', () => {
    const scene = new Scene();
    scene.acquire(1, 'x', 'W');
    scene.acquire(1, 'y', 'S');
    scene.watch(1, x);
    scene.watch(1, { name: 'y', token: 2 });

    scene.acquire(2, 'y', 'S');
    scene.acquireAll(3, ['free', 'x'], 'W');

    expect(scene.told).toEqual(['1:y:2', '1:x:1']);
  });

  it('is told of the upgrade of another, and not of its own', () => {
    const scene = new Scene();
    scene.acquire(1, 'x', 'U');
    scene.acquire(2, 'x', 'R');
    scene.watch(1, x);
    scene.watch(2, { name: 'x', token: 2 });

    scene.upgrade(1, 'x', 1);
    const byUpgrade = [...scene.told];
    scene.acquire(3, 'x', 'R');

    expect(byUpgrade).toEqual(['2:x:2']);
    expect(scene.told).toEqual(['2:x:2', '1:x:1']);
  });

  it('is not told again when an upgrade goes past those who wait', () => {
    const scene = new Scene();
    scene.acquire(1, 'x', 'U');
    scene.acquire(2, 'x', 'R');
    scene.watch(2, { name: 'x', token: 2 });
    scene.acquire(3, 'x', 'W');

    const upgrade = scene.upgrade(1, 'x', 1);
    scene.cancel(1, upgrade);
    scene.acquire(4, 'x', 'W');

    expect(scene.told).toEqual(['2:x:2']);
  });

  it('hears of who waits once it is in the table, if this node lags', () => {
    const scene = new Scene();
    scene.acquire(2, 'x');
    scene.acquire(1, 'x');
    scene.acquire(3, 'x');
    scene.watch(1, { name: 'x', token: 2 });
    const before = [...scene.told];

    scene.release(2, 'x', 1);
    scene.clock.pass(1);

    expect([before, scene.told]).toEqual([[], ['1:x:2']]);
  });

  it('hears under the token of its upgrade, and no more under that which it had', () => {
    const scene = new Scene();
    scene.acquire(1, 'x', 'U');
    scene.acquire(2, 'x', 'R');
    scene.watch(1, x);
    scene.upgrade(1, 'x', 1);
    scene.acquire(3, 'x', 'R');
    // The holder has heard of its upgrade before this node has.
    scene.watch(1, { name: 'x', token: 3 });

    scene.release(2, 'x', 2);
    scene.clock.pass(1);

    expect(scene.told).toEqual(['1:x:1', '1:x:3']);
  });

  it('hears of what a snapshot brings', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.watch(1, x);
    scene.table = Table.restore(defaultTableLimits, scene.table.canonicalRows());
    scene.table.apply(99, 0, { ...scene.turn(2), kind: 'acquire', name: 'x', mode: 'X', waits: true }, () => {});

    scene.watches.lookAtAll();
    scene.watches.lookAtAll();

    expect(scene.told).toEqual(['1:x:1']);
  });
});

describe('nobody is told', () => {
  it('of those who are granted by the very same command', () => {
    const scene = new Scene();
    scene.acquire(2, 'x', 'W');
    for (const session of [1, 3, 4]) scene.acquire(session, 'x', 'R');
    scene.watch(1, { name: 'x', token: 2 });

    scene.release(2, 'x', 1);
    scene.clock.pass(1);
    const before = [...scene.told];
    scene.acquire(2, 'x', 'W');

    expect([before, scene.told]).toEqual([[], ['1:x:2']]);
  });

  it.each([
    ['of the hold of another session', 2, x],
    ['of a lock under the token of another', 1, { name: 'y', token: 1 }],
    ['of a hold that never was', 1, { name: 'x', token: 7 }],
  ])('%s', (_, session, hold) => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.acquire(3, 'y');
    scene.watch(session, hold);

    scene.acquire(4, 'x');
    scene.acquire(4, 'y');

    expect(scene.told).toEqual([]);
  });

  it('by more watches than a session can have holds', () => {
    const scene = new Scene();
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
      scene.acquire(1, name);
      scene.acquire(2, name);
      scene.watch(1, { name, token: at + 1 });
    }

    expect(scene.told).toEqual(['1:a:1', '1:b:2', '1:c:3']);
  });

  it.each<[string, (scene: Scene) => void]>([
    ['was released', (scene) => scene.release(1, 'x', 1)],
    ['ended with its session', (scene) => scene.apply({ kind: 'close', session: 1 })],
    ['was taken by force', (scene) => scene.apply(forced(scene))],
    ['is watched no more', (scene) => scene.watches.drop(1, 1)],
    ['belongs to another stream now', (scene) => scene.watches.dropAll(1)],
  ])('of a hold that %s, and nothing of it is kept', (_, end) => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.watch(1, x);
    const before = scene.watches.areSome;

    end(scene);
    scene.acquire(2, 'x');
    scene.acquire(3, 'x');

    expect([before, scene.watches.areSome, scene.told]).toEqual([true, false, []]);
  });

  it('who does not want it any more when it would be said', () => {
    const scene = new Scene();
    scene.acquire(1, 'x');
    scene.acquire(2, 'x');

    scene.watches.add(1, x);
    scene.watches.drop(1, 1);
    scene.clock.pass(1);

    expect(scene.told).toEqual([]);
  });
});

const forced = (scene: Scene): Command => ({
  ...scene.turn(4),
  ...{ kind: 'force-release', name: 'x', token: undefined, actor: 'ann', reason: '' },
});
