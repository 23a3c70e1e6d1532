import type * as Library from 'holdfast';
import type { HostSettings, Order, Report } from '../messages.ts';
import { detour } from './detour.ts';
import { Executor } from './executor.ts';

// One process of a chaos run: an application with a node or with connections, which does what the harness says.

const settings: HostSettings = JSON.parse(process.argv[2] ?? '{}');

/** As long as the run lasts: without a quorum, or cut off, a process waits until there is one. */
const readyTimeout = 3_600_000;

const tell = (report: Report): void => {
  if (process.connected) process.send?.(report, () => undefined);
};

const line = (level: string) => (first: unknown, text?: string) =>
  process.stderr.write(`${level} ${text ?? ''} ${typeof first === 'string' ? first : JSON.stringify(first)}\n`);

/** What the harness keeps when something went wrong. */
const toStderr: Library.Logger = {
  debug: () => undefined,
  info: line('info'),
  warn: line('warn'),
  error: line('error'),
};

// A harness that was killed must not leave its processes behind.
process.once('disconnect', () => process.exit(1));
// Before the library is loaded, so that nothing of it has opened a connection yet.
detour(settings.detours);
const library: typeof Library = await import(settings.library);

try {
  await run();
} catch (error) {
  tell({ kind: 'failed', text: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
}

async function run(): Promise<void> {
  const providers = await open();
  const executor = new Executor(providers, tell);
  process.on('message', (order: Order) => {
    switch (order.kind) {
      case 'ask':
        void executor.answer(order.id, order.question).then((answer) => tell({ kind: 'answer', id: order.id, answer }));
        return;
      case 'stop':
        void Promise.all(providers.map((provider) => provider.close())).then(() => process.exit(0));
        return;
      default:
        order satisfies never;
    }
  });
  tell({ kind: 'ready' });
}

async function open(): Promise<readonly (Library.HoldfastNode | Library.HoldfastClient)[]> {
  const { role, sessionTtl, insecure } = settings;
  if (role.kind === 'client') {
    const { endpoints, labels } = role;
    return await Promise.all(
      labels.map((label) => library.Holdfast.connect({ endpoints, label, insecure, sessionTtl, readyTimeout })),
    );
  }
  const { kind: _, ...options } = role;
  const listen = role.members[role.nodeId];
  const common = { insecure, sessionTtl, readyTimeout, logger: toStderr };
  const node = await library.Holdfast.open({ ...options, ...common, listen });
  void node.whenFailed().then((error) => tell({ kind: 'failed', text: `${error.name}: ${error.message}` }));
  return [node];
}
