import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package that is installed in `folder` and not among ours; whoever asks says what it looks like. */
export function packageAt<T>(folder: string, name: string): T {
  // What a package exports has no type unless it is installed: each adapter declares the part that it uses.
  const loaded: T = createRequire(join(folder, 'package.json'))(name);
  return loaded;
}
