// Runs a command under a guardian and a lease that the test holds in its hands. Argument: JSON of the run and `heldMs`.
import { GuardedCommand } from '../../../dist/src/cli/guarded-command.js';
import { monotonicNow } from '../../../dist/src/cli/guardian/protocol.js';

const { heldMs, ...run } = JSON.parse(process.argv[2] ?? '{}');
const loss = new AbortController();
let heldUntil = monotonicNow() + heldMs;
const lease = {
  signal: loss.signal,
  get isHeld() {
    return !loss.signal.aborted && monotonicNow() < heldUntil;
  },
  remaining: () => heldUntil - monotonicNow(),
};

process.send({ kind: 'held', until: heldUntil });
const guarded = new GuardedCommand(lease, { graceMs: 300, lookEveryMs: 20, environment: process.env, ...run });
process.on('message', (order) => {
  if (order.kind === 'hold') {
    heldUntil = monotonicNow() + order.heldMs;
    process.send({ kind: 'held', until: heldUntil });
  }
  if (order.kind === 'lose') {
    process.send({ kind: 'losing', at: monotonicNow() });
    loss.abort();
  }
  if (order.kind === 'forward') guarded.forward(order.signal);
});
const end = await guarded.ended;
process.send({ kind: 'ended', end }, () => process.disconnect());
