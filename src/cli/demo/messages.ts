/** What a demo node is started with. */
export interface DemoNodeSettings {
  readonly nodeId: string;
  readonly members: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly sessionTtl: number;
  readonly locks: readonly string[];
  readonly workers: number;
}

/** What a demo node tells the demo. Times are milliseconds of the host's monotonic clock. */
export type NodeReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'leader'; readonly leader: string | undefined; readonly term: number }
  /** A worker entered its critical section. */
  | { readonly kind: 'entered'; readonly lock: string; readonly token: number; readonly at: number }
  /** It is about to release, or its lock was lost: from now on somebody else may enter. */
  | {
      readonly kind: 'left';
      readonly lock: string;
      readonly token: number;
      readonly at: number;
      readonly lost: boolean;
    }
  /** Asks for the counter behind a lock. */
  | { readonly kind: 'read'; readonly request: number; readonly lock: string }
  /** Asks to write it, under a token. */
  | {
      readonly kind: 'write';
      readonly request: number;
      readonly lock: string;
      readonly token: number;
      readonly value: number;
    }
  /** An acquire or release failed; the worker goes on. */
  | { readonly kind: 'trouble'; readonly code: string; readonly text: string }
  /** The node cannot go on. */
  | { readonly kind: 'failed'; readonly text: string };

/** What the demo tells a node. */
export type NodeOrder =
  | { readonly kind: 'value'; readonly request: number; readonly value: number }
  | { readonly kind: 'written'; readonly request: number; readonly accepted: boolean }
  /** Finish the critical sections, close the node, end. */
  | { readonly kind: 'stop' };
