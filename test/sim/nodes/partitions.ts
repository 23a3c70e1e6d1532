import type { Stream } from '../../../src/testing/index.ts';

/** One direction between two hosts: from, to. */
export type Way = readonly [from: string, to: string];

/** The ways between any two of `hosts` that a partition of a drawn shape cuts; `one` is whom it is about. */
export function linksCut(stream: Stream, hosts: readonly string[], one: string): readonly Way[] {
  const half = new Set(hosts.filter(() => stream.chance(0.5)));
  const shape = stream.pick(['isolate', 'deaf', 'mute', 'split', 'one-way split', 'mesh', 'ring'] as const);
  const place = (host: string): number => hosts.indexOf(host);
  const pairs = hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => [from, to] as const));
  return pairs.filter(([from, to]) => {
    switch (shape) {
      case 'isolate':
        return from === one || to === one;
      case 'deaf':
        return to === one;
      case 'mute':
        return from === one;
      case 'split':
        return half.has(from) !== half.has(to);
      case 'one-way split':
        return half.has(from) && !half.has(to);
      case 'mesh':
        return stream.chance(0.3);
      case 'ring':
        return Math.abs(place(from) - place(to)) % (hosts.length - 1) > 1;
      default:
        return shape satisfies never;
    }
  });
}
