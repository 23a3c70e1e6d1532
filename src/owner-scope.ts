import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Who acts: everything that is started inside `run`, however it awaits, belongs to that owner. Nothing is followed
 * before the first `run`, so that programs without owners do not pay for it.
 */
export class OwnerScope {
  #storage: AsyncLocalStorage<string> | undefined;

  get owner(): string | undefined {
    return this.#storage?.getStore();
  }

  run<T>(owner: string, fn: () => T): T {
    this.#storage ??= new AsyncLocalStorage();
    return this.#storage.run(owner, fn);
  }
}
