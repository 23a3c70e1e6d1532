import type { Hello } from '../transport/index.ts';

/** A process of a node. */
export interface NodeProcess {
  readonly incarnation: string;
  readonly run: number;
  readonly boot: string;
}

/**
 * The newest process of each node that this one has spoken with. The table knows runs, too, but only once a leader has
 * committed them: before the first one, an old copy would be believed, and might vote a second time in a term.
 */
export class RunsMet {
  readonly #newest = new Map<string, NodeProcess>();

  /** That peer was let in. */
  met({ nodeId, incarnation, run, boot }: Hello): void {
    this.#newest.set(nodeId, { incarnation, run, boot });
  }

  /** The process that shows `hello` to be of an old copy, or of a second process on one directory, if any does. */
  newerThan(hello: Hello, recorded: NodeProcess | undefined): NodeProcess | undefined {
    return [recorded, this.#newest.get(hello.nodeId)].find((known) => known !== undefined && isOlder(hello, known));
  }
}

const isOlder = ({ incarnation, run, boot }: Hello, known: NodeProcess): boolean =>
  incarnation === known.incarnation && (run < known.run || (run === known.run && boot !== known.boot));
