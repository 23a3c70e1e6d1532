import { Socket } from 'node:net';

interface Target {
  host?: unknown;
  port?: unknown;
}

/**
 * Sends every connection that this process opens to one of the addresses through the port given for it. Nodes go on
 * calling each other by their true addresses; what lies between is the harness's.
 */
export function detour(ports: Readonly<Record<string, number>>): void {
  const direct: unknown = Reflect.get(Socket.prototype, 'connect');
  if (typeof direct !== 'function') throw new Error('this Node has no Socket.connect to stand before');
  Object.defineProperty(Socket.prototype, 'connect', {
    configurable: true,
    writable: true,
    value(this: Socket, ...args: readonly unknown[]): unknown {
      const target = targetOf(args[0]);
      const port = target && ports[`${target.host}:${target.port}`];
      if (target !== undefined && port !== undefined) target.port = port;
      return Reflect.apply(direct, this, args);
    },
  });
}

/** `net.connect` hands its options on in a list, others hand them on as they are. */
function targetOf(first: unknown): Target | undefined {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  return typeof options === 'object' && options !== null ? options : undefined;
}
