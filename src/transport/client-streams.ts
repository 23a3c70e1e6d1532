import { type Server, status } from '@grpc/grpc-js';
import type { Gate } from './gate.ts';
import { decodeClientHello, encodeRefusal, encodeServerHello } from './greeting.ts';
import { clientService, hostOf, type IncomingCall } from './grpc.ts';
import { SessionStream } from './session-stream.ts';
import type { StreamContext } from './stream-context.ts';
import type { ClientAcceptor, ClientHello, Refused } from './transport.ts';

/** The streams that remote clients opened to us. */
export class ClientStreams {
  readonly #gate: Gate;
  readonly #context: Omit<StreamContext, 'handlers'>;
  readonly #acceptor: ClientAcceptor;
  readonly #open = new Set<SessionStream>();
  #isClosed = false;

  constructor(gate: Gate, context: Omit<StreamContext, 'handlers'>, acceptor: ClientAcceptor) {
    this.#gate = gate;
    this.#context = context;
    this.#acceptor = acceptor;
  }

  register(server: Server): void {
    server.addService(clientService, { session: (call: IncomingCall) => this.#greet(call) });
  }

  /** Ends all streams and turns new ones away. */
  close(): void {
    this.#isClosed = true;
    for (const stream of [...this.#open]) stream.close();
  }

  /** Waits for the first message; nothing of the node is touched before it. */
  #greet(call: IncomingCall): void {
    const { clock, timing } = this.#context;
    const limit = clock.after(timing.hello, () => this.#fail(call, `no introduction within ${timing.hello} ms`));
    // Every stream needs one for its whole life, or an error would end the process.
    call.on('error', () => limit.cancel());
    call.once('cancelled', () => limit.cancel());
    call.once('end', () => limit.cancel());
    call.once('data', (bytes: Buffer) => {
      limit.cancel();
      const greeting = decodeClientHello(bytes);
      if (greeting.kind === 'hello') return this.#judge(call, greeting.hello);
      if (greeting.kind === 'refused' && greeting.byUs) return this.#refuse(call, greeting.refused);
      this.#fail(call, greeting.kind === 'bad' ? greeting.bad : 'a refusal where an introduction was expected');
    });
  }

  #judge(call: IncomingCall, hello: ClientHello): void {
    const { limits } = this.#context;
    if (this.#isClosed) return this.#refuse(call, { code: 'SHUTTING_DOWN', text: 'this node is shutting down' });
    if (this.#open.size >= limits.clientStreamsMax) {
      return this.#refuse(call, { code: 'OVERLOADED', text: `this node serves ${limits.clientStreamsMax} clients` });
    }
    this.#accept(call, hello);
  }

  #accept(call: IncomingCall, hello: ClientHello): void {
    const { clock, limits, timing } = this.#context;
    const stream = new SessionStream({
      clock,
      limits,
      closeGrace: timing.closeGrace,
      abort: (why) => {
        this.#context.notices.warn('client-cut', hostOf(call), `client stream cut: ${why}`);
        this.#gate.expel(call);
      },
    });
    const answer = this.#acceptor.accept(hello, stream);
    if ('code' in answer) return this.#refuse(call, answer);
    const { handlers } = answer;
    const farewell = this.#gate.welcome(call);
    this.#open.add(stream);
    // A connection that breaks may look like a stream that ends in order.
    const gone = (): void => stream.ended('the client ended the stream or its connection', undefined);
    call.on('data', (bytes: Buffer) => stream.receive(bytes));
    call.on('end', () => {
      // The client's last word; ours is the end of the call.
      gone();
      call.end();
    });
    call.on('cancelled', () => gone());
    call.on('error', (error: Error) => stream.ended(error.message, undefined));
    call.write(encodeServerHello(answer.hello));
    stream.open(call);
    stream.attach({
      receive: (body) => handlers.receive(body),
      drained: () => handlers.drained(),
      closed: (reason) => {
        this.#open.delete(stream);
        farewell();
        handlers.closed(reason);
      },
    });
  }

  #refuse(call: IncomingCall, refused: Refused): void {
    this.#gate.recognise(call);
    this.#context.notices.refused('client-refused', hostOf(call), refused);
    call.write(encodeRefusal(refused));
    call.end();
  }

  #fail(call: IncomingCall, why: string): void {
    this.#context.notices.warn('bad-input', hostOf(call), `client stream closed: ${why}`);
    call.emit('error', { code: status.INVALID_ARGUMENT, details: 'bad input' });
  }
}
