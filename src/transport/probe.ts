import { connect } from 'node:net';
import type { Clock } from '../clock/index.ts';
import type { Address } from './address.ts';

/** What a TCP connect found. `refused`: the host says that nobody listens there. */
export type ProbeOutcome =
  | { readonly kind: 'reached'; readonly address: Address }
  | { readonly kind: 'refused' }
  /** No such name (yet), no route, no answer in time. */
  | { readonly kind: 'unreachable'; readonly text: string };

/** One running probe; after `cancel` nothing is reported. */
export interface Probe {
  cancel(): void;
}

/**
 * Resolves the name anew, connects and closes at once. `done` is called once, later, at most `limitMs` from now; the
 * address it gets is the literal that answered. gRPC itself gives up a connect only when the kernel does, and its
 * back-off and cached names would keep us from a peer that is back: so it dials only what a probe has reached.
 */
export function probe(
  address: Address,
  options: { readonly clock: Clock; readonly limitMs: number },
  done: (outcome: ProbeOutcome) => void,
): Probe {
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  let isDone = false;
  const finish = (outcome: ProbeOutcome | undefined): void => {
    if (isDone) return;
    isDone = true;
    timer.cancel();
    socket.destroy();
    if (outcome !== undefined) done(outcome);
  };
  const timer = options.clock.after(options.limitMs, () =>
    finish({ kind: 'unreachable', text: `no answer in ${options.limitMs} ms` }),
  );
  socket.once('connect', () => {
    const { remoteAddress, remotePort } = socket;
    finish(
      remoteAddress === undefined || remotePort === undefined
        ? { kind: 'unreachable', text: 'closed while connecting' }
        : { kind: 'reached', address: { host: remoteAddress, port: remotePort } },
    );
  });
  // Stays for the socket's life: a later error without a listener would end the process.
  socket.on('error', (error) =>
    finish(isRefusal(error) ? { kind: 'refused' } : { kind: 'unreachable', text: error.message }),
  );
  return { cancel: () => finish(undefined) };
}

/** A name may stand for several addresses; it is a refusal only if each of them refused. */
function isRefusal(error: Error): boolean {
  if (error instanceof AggregateError) {
    return error.errors.length > 0 && error.errors.every((one) => one instanceof Error && isRefusal(one));
  }
  return 'code' in error && error.code === 'ECONNREFUSED';
}
