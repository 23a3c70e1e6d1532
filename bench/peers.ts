import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { etcdPackage, etcdRecipe } from './subjects/etcd.ts';
import { postgres } from './subjects/postgres.ts';
import { redlock } from './subjects/redlock.ts';
import type { Subject } from './subjects/subject.ts';
import { zookeeper } from './subjects/zookeeper.ts';

/** All services that Holdfast is held against; their clients are the packages of `bench/peers`. */
export function peersOf(root: string): readonly Subject[] {
  const packages = join(root, 'bench/peers');
  if (!existsSync(join(packages, 'node_modules'))) {
    throw new Error('the clients of the peers are not installed: npm ci --prefix bench/peers');
  }
  return [
    etcdRecipe(packages),
    etcdPackage(packages),
    zookeeper(packages),
    redlock(packages, 'always'),
    redlock(packages, 'everysec'),
    postgres(packages),
  ];
}
