interface Crowd {
  /** Who holds the lock or waits for it. */
  present: number;
  /** The process that was granted it last. */
  last: string | undefined;
}

/** Who stands at which lock, as the harness sees it: how much of a run was contention. */
export class Standing {
  readonly #crowds: Map<string, Crowd> = new Map();

  /** Somebody comes to a lock; says whether others are there. */
  comes(name: string): boolean {
    const crowd = this.#at(name);
    crowd.present += 1;
    return crowd.present > 1;
  }

  goes(name: string): void {
    this.#at(name).present -= 1;
  }

  /** Says whether somebody else had it before. */
  granted(name: string, host: string): boolean {
    const crowd = this.#at(name);
    const isHandOver = crowd.last !== undefined && crowd.last !== host;
    crowd.last = host;
    return isHandOver;
  }

  #at(name: string): Crowd {
    const known = this.#crowds.get(name);
    if (known !== undefined) return known;
    const crowd: Crowd = { present: 0, last: undefined };
    this.#crowds.set(name, crowd);
    return crowd;
  }
}
