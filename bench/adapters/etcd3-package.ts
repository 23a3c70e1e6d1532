/** What the bench uses of the package `etcd3`. */
export interface Etcd3Package {
  readonly Etcd3: new (options: { readonly hosts: string }) => Etcd3;
  /** Somebody else holds the lock. */
  readonly EtcdLockFailedError: new () => Error;
}

export interface Etcd3 {
  readonly maintenance: {
    status(): Promise<{ readonly leader: string; readonly header: { readonly member_id: string } }>;
  };
  lock(name: string): EtcdLock;
  lease(ttlS: number): EtcdLease;
  if(key: string, column: 'Create', comparison: '==', value: number): EtcdTransaction;
  put(key: string): EtcdPut;
  getAll(): EtcdRange;
  delete(): { key(key: string): PromiseLike<unknown> };
  watch(): EtcdWatch;
  close(): void;
}

export interface EtcdLock {
  ttl(seconds: number): EtcdLock;
  acquire(): Promise<unknown>;
  release(): Promise<unknown>;
}

export interface EtcdLease {
  grant(): Promise<string>;
}

interface EtcdPut {
  value(value: string): EtcdPut;
  lease(leaseId: string): EtcdPut;
}

interface EtcdRange {
  prefix(prefix: string): EtcdRange;
  sort(by: 'Create', order: 'Ascend' | 'Descend'): EtcdRange;
  limit(count: number): EtcdRange;
  maxCreateRevision(revision: string): EtcdRange;
  exec(): Promise<{ readonly kvs: readonly EtcdKey[]; readonly header: { readonly revision: string } }>;
}

interface EtcdKey {
  readonly key: Buffer;
}

interface EtcdTransaction {
  then(...operations: readonly unknown[]): {
    commit(): Promise<{
      readonly header: { readonly revision: string };
      readonly responses: readonly { readonly response_range?: { readonly kvs: readonly EtcdKey[] } }[];
    }>;
  };
}

interface EtcdWatch {
  key(key: string): EtcdWatch;
  startRevision(revision: string): EtcdWatch;
  only(operation: 'delete'): EtcdWatch;
  create(): Promise<{ once(event: 'delete', listener: () => void): unknown; cancel(): Promise<void> }>;
}
