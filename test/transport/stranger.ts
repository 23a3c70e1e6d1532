import {
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { decodeValue, encodeValue, type Hello, type Value } from '../../src/transport/index.ts';
import { Happenings } from './node.ts';

export const peerPath = (streamClass: Class): string => `/holdfast.v1.Peer/${streamClass}`;
export const clientPath = '/holdfast.v1.Client/Session';

const asIs = (bytes: Buffer): Buffer => bytes;

/** A gRPC stream of somebody who keeps to no rule. */
export class Stranger extends Happenings {
  readonly answers: Value[] = [];
  status: number | undefined;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;

  constructor(address: string, path: string, options: ClientOptions = {}) {
    super();
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      ...options,
    });
    this.#call = this.#client.makeBidiStreamRequest(path, asIs, asIs);
    this.#call.on('data', (bytes: Buffer) => {
      const decoded = decodeValue(bytes);
      this.answers.push(decoded.ok ? decoded.value : decoded.bad);
      this.happened();
    });
    this.#call.on('error', () => {});
    this.#call.on('status', ({ code }) => {
      this.status = code;
      this.happened();
    });
  }

  say(value: Value): this {
    return this.sayBytes(encodeValue(value));
  }

  sayBytes(bytes: Uint8Array): this {
    this.#call.write(Buffer.from(bytes));
    return this;
  }

  /** The status code that the stream ended with. */
  ended(): Promise<number> {
    return this.until(() => (this.status === undefined ? undefined : { status: this.status })).then(
      ({ status }) => status,
    );
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

/** A peer's hello as it stands on the wire, with some fields replaced by their place. */
export function helloTuple(hello: Hello, replaced: Readonly<Record<number, Value>> = {}): Value {
  const tuple: Value[] = [
    'hello',
    1,
    'peer',
    hello.clusterId ?? null,
    hello.nodeId,
    hello.incarnation,
    hello.run,
    hello.boot,
    hello.configIndex,
    hello.membersHash,
    hello.address,
    hello.genesis,
  ];
  return tuple.map((value, place) => (place in replaced ? replaced[place] : value));
}

type Class = 'Control' | 'Append' | 'Snapshot' | 'Forward';
const classes: readonly Class[] = ['Control', 'Append', 'Snapshot', 'Forward'];

const method = (path: string): ServiceDefinition[string] => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

/** A gRPC server that answers peers' greetings with `hello`, and reads no further on the streams in `deaf`. */
export class StrangePeer extends Happenings {
  /** Messages after the greeting, by class of stream. */
  readonly heard = new Map<Class, number>();
  readonly #server = new Server();

  constructor(hello: Hello, deaf: readonly Class[]) {
    super();
    const listen = (name: Class, call: ServerDuplexStream<Buffer, Buffer>): void => {
      call.on('error', () => {});
      call.once('data', () => {
        call.write(encodeValue(helloTuple(hello)));
        if (deaf.includes(name)) call.pause();
        else {
          call.on('data', () => {
            this.heard.set(name, (this.heard.get(name) ?? 0) + 1);
            this.happened();
          });
        }
      });
    };
    this.#server.addService(
      Object.fromEntries(classes.map((name) => [name, method(peerPath(name))])),
      Object.fromEntries(
        classes.map((name) => [name, (call: ServerDuplexStream<Buffer, Buffer>): void => listen(name, call)]),
      ),
    );
  }

  /** The address it listens on. */
  start(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      );
    });
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
