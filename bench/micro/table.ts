import type { Command, TableEvent } from '../../src/table/index.ts';
import type { MicroFigure } from './messages.ts';
import { turnsPerSecond } from './pace.ts';
import type { CodecModule, TableModule } from './parts.ts';

/** Names in use at one time, as of a busy cluster. */
const names = Array.from({ length: 1_000 }, (_, at) => `bench/table/${at}`);

const batchSize = 64;

/** Acquire and release in the replicated table, without anything around it. */
export function tableFigures({ Table, defaultTableLimits }: TableModule, windowMs: number): readonly MicroFigure[] {
  const table = new Table(defaultTableLimits);
  let [session, token, index, sequence] = [0, 0, 0, 0];
  const hear = (event: TableEvent): void => {
    if (event.kind === 'session-opened') session = event.session;
    if (event.kind === 'granted') token = event.token;
  };
  const apply = (command: Command): void => {
    index += 1;
    table.apply(index, 0, command, hear);
  };
  apply({ kind: 'open', nonce: '0'.repeat(32), ttlMs: 10_000, home: undefined, label: 'bench' });
  const pair = (): void => {
    const name = names[sequence % names.length] ?? '';
    sequence += 1;
    apply({ kind: 'acquire', session, sequence, mark: sequence - 1, name, mode: 'X', waits: true });
    sequence += 1;
    apply({ kind: 'release', session, sequence, mark: sequence - 1, name, token });
  };
  const perSecond = turnsPerSecond(windowMs, pair) * 2;
  return [{ point: 'table', figure: 'commands applied', unit: '/s', better: 'higher', value: perSecond }];
}

/** What is done to the commands of a log entry once at the leader, and once at every node. */
export function codecFigures(
  { encodeBatch, decodeBatch }: CodecModule,
  { commandTuple }: TableModule,
  windowMs: number,
): readonly MicroFigure[] {
  const tuples = names.slice(0, batchSize).map((name, sequence) =>
    commandTuple({
      kind: 'acquire',
      session: 7,
      sequence: sequence + 1,
      mark: sequence,
      name,
      mode: 'X',
      waits: true,
    }),
  );
  const bytes = encodeBatch(0, tuples);
  const encoded = turnsPerSecond(windowMs, () => encodeBatch(0, tuples)) * batchSize;
  const decoded = turnsPerSecond(windowMs, () => decodeBatch(bytes)) * batchSize;
  const point = `batch of ${batchSize} acquires`;
  return [
    { point, figure: 'encoded', unit: 'commands/s', better: 'higher', value: encoded },
    { point, figure: 'decoded and checked', unit: 'commands/s', better: 'higher', value: decoded },
  ];
}
