import type { Random } from '../clock/index.ts';
import type { Stream } from './random.ts';

/** A node's random bits, drawn from one stream: what `systemRandom` is on a real machine. */
export const randomOf = (stream: Stream): Random => ({
  u32: () => stream.u32(),
  hex: (bytes) => Array.from({ length: bytes }, () => (stream.u32() & 0xff).toString(16).padStart(2, '0')).join(''),
});
