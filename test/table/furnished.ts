import { endSession, forceRelease, requestRevoke, steal } from './orders.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  acquireWith,
  begun,
  cancel,
  changeLimit,
  downgrade,
  exclusive,
  incarnationOf,
  permits,
  read,
  readUpgradeable,
  release,
  tokenOf,
  upgrade,
  World,
  write,
} from './world.ts';

/** A world with rows of all kinds of locks: held, awaited, upgraded, entered again, limited. */
export function furnishedFamily(): World {
  const world = new World();
  for (let number = 1; number <= 3; number += 1) world.open(number);
  world.ask(changeLimit([1, 1], 's\u00e9', 2));
  world.ask(acquireFor('ann', [1, 2], exclusive('a'), true, true));
  world.ask(acquireFor('ann', [1, 3], exclusive('a'), true, true));
  world.ask(acquireAll([1, 4], [readUpgradeable('r'), permits('s\u00e9', 2, 2)]));
  world.ask(acquireAll([2, 1], read('r')));
  world.ask(upgrade([1, 5], { name: 'r', token: 2 }));
  world.ask(acquireFor('bob', [3, 1], [exclusive('a'), write('r')]));
  world.ask(acquireFor('ann', [1, 6], exclusive('a')));
  world.ask(acquireAll([3, 2], permits('s\u00e9', 1, 1)));
  world.ask(acquireAll([3, 3], permits('r', 1, 1)));
  world.ask(upgrade([2, 2], { name: 'r', token: 4 }));
  world.ask(downgrade([2, 3], { name: 'r', token: 9 }, 'R'));
  const token = tokenOf(world.ask(acquireAll([3, 4], write('w'))));
  world.ask(downgrade([3, 5], { name: 'w', token }, 'U'));
  world.ask(acquireWith({ metadata: 'm\n' }, undefined, [3, 6], exclusive('m')));
  world.ask(acquireWith({ metadata: '' }, 'bob', [2, 4], [exclusive('m'), read('n')]));
  const bounded = tokenOf(world.ask(acquireWith({ holdMsMax: 5_000 }, undefined, [3, 7], exclusive('o'))));
  world.ask(begun([3, 8], { name: 'o', token: bounded }));
  return world;
}

/** A world with rows of all that operators leave behind. */
export function furnishedForced(): World {
  const world = new World();
  for (let number = 1; number <= 2; number += 1) world.open(number);
  world.ask(acquire([1, 1], 'x'));
  world.ask(acquireAll([1, 2], write('w')));
  world.ask(requestRevoke([2, 1], 'x'));
  world.ask(forceRelease([2, 2], 'x'));
  world.ask(steal([2, 3], 'w', 'W'));
  world.ask(forceRelease([2, 4], 'w', 99));
  world.ask(endSession([2, 5], 77));
  world.ask(endSession([2, 6], 2));
  return world;
}

/** A world with a row of every kind. */
export function furnished(): World {
  const world = new World();
  world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(1), run: 1, boot: 'b' });
  world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(2), run: 4, boot: 'c' });
  world.open(1, { node: 'n1', incarnation: incarnationOf(2), run: 4 });
  world.open(2);
  world.ask(acquire([1, 1], 'x'));
  world.ask(acquire([2, 1], 'x'));
  world.ask(acquire([1, 2], 'x'));
  world.ask(cancel([2, 5], 4));
  world.ask(release([2, 6], 'y', 9));
  world.ask(acquire([2, 7], 'x', false));
  return world;
}
