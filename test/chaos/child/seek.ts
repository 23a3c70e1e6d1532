import type { HoldfastClient, HoldfastNode, LockHandle, LockRequest } from 'holdfast';
import type { Question, WantedPart } from '../messages.ts';

type Provider = HoldfastNode | HoldfastClient;

/** Asks for one lock of any kind, or for several at once; null when it was not to be had at the first attempt. */
export async function seek(
  provider: Provider,
  wish: Extract<Question, { readonly kind: 'acquire-parts' }>,
): Promise<readonly LockHandle[] | null> {
  const { parts, timeout, owner, reentrant = false } = wish;
  const [part, ...others] = parts;
  if (part === undefined) throw new Error('nothing is asked for');
  const isTry = timeout === 0;
  const options = { owner, ...(isTry ? {} : { timeout }) };
  if (others.length > 0) {
    const requests = parts.map((each) => requestOf(each, provider));
    const handle = await (isTry ? provider.tryAcquireAll(requests, options) : provider.acquireAll(requests, options));
    return handle === null ? null : handle.parts;
  }
  const handle = await seekOne(provider, part, { ...options, reentrant, isTry });
  return handle === null ? null : [handle];
}

interface Options {
  readonly owner: string | undefined;
  readonly timeout?: number | undefined;
  readonly reentrant: boolean;
  readonly isTry: boolean;
}

async function seekOne(
  provider: Provider,
  part: WantedPart,
  { isTry, reentrant, ...options }: Options,
): Promise<LockHandle | null> {
  switch (part.kind) {
    case 'exclusive': {
      const lock = provider.createLock(part.name);
      return await (isTry ? lock.tryAcquire({ ...options, reentrant }) : lock.acquire({ ...options, reentrant }));
    }
    case 'semaphore': {
      const { permits } = part;
      const semaphore = provider.createSemaphore(part.name, part.limit);
      return await (isTry ? semaphore.tryAcquire({ ...options, permits }) : semaphore.acquire({ ...options, permits }));
    }
    case 'reader-writer': {
      const lock = provider.createReaderWriterLock(part.name);
      if (part.mode === 'read') return await (isTry ? lock.tryAcquireRead(options) : lock.acquireRead(options));
      if (part.mode === 'write') return await (isTry ? lock.tryAcquireWrite(options) : lock.acquireWrite(options));
      return await (isTry ? lock.tryAcquireUpgradeableRead(options) : lock.acquireUpgradeableRead(options));
    }
    default:
      return part satisfies never;
  }
}

function requestOf(part: WantedPart, provider: Provider): LockRequest {
  switch (part.kind) {
    case 'exclusive':
      return { lock: part.name };
    case 'reader-writer':
      return { lock: part.name, mode: part.mode };
    case 'semaphore':
      return { semaphore: provider.createSemaphore(part.name, part.limit), permits: part.permits };
    default:
      return part satisfies never;
  }
}
