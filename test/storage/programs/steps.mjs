import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Takes the path of the built store and of a data directory; then one step a line, and says its number once it is
 * durable, or which error it met. A step that says after how many turns of the event loop kills its own process there.
 */
const [modulePath = '', dataDir = '', writeBufferBytes = '65536'] = process.argv.slice(2);
const { LevelStore } = await import(modulePath);
const store = new LevelStore({ dataDir, nodeId: 'n1', writeBufferBytes: Number(writeBufferBytes) });

const asked = (call) =>
  new Promise((resolve, reject) => {
    call((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));

async function take(step) {
  if (step.kind === 'open') return await asked((done) => store.open(() => {}, done));
  if (step.kind === 'form') return await asked((done) => store.form(step.genesis, done));
  if (step.kind === 'write') {
    const none = { hardState: undefined, install: undefined, base: undefined, truncateFrom: undefined };
    const entries = (step.entries ?? []).map((entry) => ({ ...entry, payload: bytes(entry.payload) }));
    const hardState = step.hardState && { votedFor: undefined, ...step.hardState };
    return await asked((done) => store.write({ ...none, ...step, hardState, entries }, done));
  }
  if (step.kind === 'checkpoint') {
    const rows = step.rows.map(({ key, value }) => ({ key: bytes(key), value: value && bytes(value) }));
    return await asked((done) => store.checkpoint({ head: step.head, rows }, done));
  }
  if (step.kind === 'receive') {
    const receiver = store.receiveSnapshot(step.head);
    for (const chunk of step.chunks) await asked((done) => receiver.put(bytes(chunk), done));
    return await asked((done) => receiver.finish(step.total, done));
  }
  if (step.kind === 'use up descriptors') return useUpDescriptors();
  throw new Error(`no step ${step.kind}`);
}

/** Until the kernel refuses the next one. */
function useUpDescriptors() {
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
}

function dieAfter(turns) {
  if (turns === 0) process.kill(process.pid, 'SIGKILL');
  else setImmediate(dieAfter, turns - 1);
}

let number = 0;
for await (const line of createInterface(process.stdin)) {
  const step = JSON.parse(line);
  try {
    if (step.killedAfterTurns !== undefined) dieAfter(step.killedAfterTurns);
    await take(step);
    process.stdout.write(`${number}\n`);
  } catch (error) {
    process.stdout.write(`error ${error.code}: ${error.message}\n`);
    break;
  }
  number += 1;
}
process.exit(0);
