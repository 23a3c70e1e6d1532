import type { OpenSession, Started } from '../../src/table/index.ts';

/** Which process of each node counts: the last one that was let in. */
export class ModelRuns {
  starts: readonly Started[] = [];
  #retired: readonly { readonly node: string; readonly incarnation: string }[] = [];
  readonly #nodesMax: number;

  constructor(nodesMax: number) {
    this.#nodesMax = nodesMax;
  }

  /** Whether it counts from now on. */
  start(command: Started): boolean {
    const known = this.starts.find(({ node }) => node === command.node);
    const isRetired = this.#retired.some(
      ({ node, incarnation }) => node === command.node && incarnation === command.incarnation,
    );
    const isSame = known?.incarnation === command.incarnation;
    const isCurrent =
      known === undefined
        ? this.starts.length < this.#nodesMax
        : isSame
          ? command.run > known.run || (command.run === known.run && command.boot === known.boot)
          : !isRetired;
    if (!isCurrent) return false;
    if (known !== undefined && !isSame) {
      this.#retired = [...this.#retired, { node: known.node, incarnation: known.incarnation }];
    }
    this.starts = [...this.starts.filter(({ node }) => node !== command.node), command];
    return true;
  }

  isHome(home: OpenSession['home']): boolean {
    if (home === undefined) return true;
    return this.starts.some(
      ({ node, incarnation, run }) => node === home.node && incarnation === home.incarnation && run === home.run,
    );
  }
}
