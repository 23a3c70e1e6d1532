// Holds a lock and, once told to, blocks its event loop; then it says what its handle says before anything else has run.
// Arguments: `open` or `connect` with the JSON of its options, the name of the lock, and for how many milliseconds to
// block.
import { Holdfast } from 'holdfast';

const now = () => Number(process.hrtime.bigint()) / 1e6;
const [door, options, name, blockMs] = process.argv.slice(2);
const provider = await Holdfast[door](JSON.parse(options));
const handle = await provider.acquireLock(name);
const { signal } = handle;
const events = [];
for (const event of ['jeopardy', 'recovered', 'lost']) handle.on(event, () => events.push(event));

process.once('message', async () => {
  const until = now() + Number(blockMs);
  while (now() < until);
  const abortedBefore = signal.aborted;
  const { isHeld } = handle;
  process.send({ kind: 'awake', isHeld, abortedBefore, abortedAfter: signal.aborted });
  const error = await handle.release().then(
    () => undefined,
    ({ code }) => code,
  );
  process.send({ kind: 'released', error, wasLost: events.includes('lost') });
  await provider.close();
  process.disconnect();
});
process.send({ kind: 'holding', token: handle.fencingToken });
