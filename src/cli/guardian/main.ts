import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Guardian } from './guardian.ts';
import { forwardedSignals, lineOf, orderIn, ordersPipe, reportsPipe } from './protocol.ts';

// A program of its own: it must outlive the process that asked for it, however that one ends.

const orders = new Socket({ fd: ordersPipe, readable: true, writable: false });
const reports = new Socket({ fd: reportsPipe, readable: false, writable: true });
const guardian = new Guardian(
  (report) => void reports.write(lineOf(report)),
  () => reports.end(() => process.exit()),
);

// Its parent may be gone at any time; the end of the orders says so.
orders.on('error', () => orders.destroy());
reports.on('error', () => reports.destroy());
orders.once('close', () => guardian.orphaned());
createInterface({ input: orders }).on('line', (line) => guardian.take(orderIn(line)));

// A signal that is meant for everybody here reaches the command and the parent as well; we stay until both are gone.
for (const signal of forwardedSignals) process.on(signal, () => undefined);

process.on('uncaughtException', (error) => {
  guardian.abandon();
  process.stderr.write(`holdfast: guardian: ${error.message}; the command was killed\n`);
  process.exit(70);
});
