import type { LockKind } from '../../src/table/index.ts';
import type { ModelClaim } from './model-claims.ts';

interface ModelDelay {
  readonly kind: LockKind;
  readonly limit: number;
  readonly token: number;
  readonly ms: number;
}

/** Names that nobody is granted for a while, each with the hold that was last to end there against its holder's will. */
export class ModelDelays {
  readonly byName = new Map<string, ModelDelay>();

  /** Of a hold that has just ended so; how long the name is in delay then, if it asked for one. */
  left({ name, token = 0, limit, options }: ModelClaim, kind: LockKind): number | undefined {
    if (options?.delayMs === undefined) return undefined;
    const ms = Math.max(options.delayMs, this.byName.get(name)?.ms ?? 0);
    this.byName.set(name, { kind, limit, token, ms });
    return ms;
  }

  /** Whether that delay was there. */
  end(name: string, token: number): boolean {
    return this.byName.get(name)?.token === token && this.byName.delete(name);
  }
}
