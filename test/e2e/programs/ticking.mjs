// Says on every line when it was alive. Arguments: signals to ignore (and report); `child` starts one like it; `leave`
// ends as soon as that one is there.
import { spawn } from 'node:child_process';

const now = () => Number(process.hrtime.bigint()) / 1e6;
const words = process.argv.slice(2);
for (const signal of words.filter((word) => word.startsWith('SIG'))) {
  process.on(signal, () => console.log(JSON.stringify({ pid: process.pid, got: signal })));
}
const tick = () => console.log(JSON.stringify({ pid: process.pid, at: now() }));
tick();
setInterval(tick, 5);
process.send?.('there');

if (words.includes('child')) {
  const like = [process.argv[1], ...words.filter((word) => word !== 'child' && word !== 'leave')];
  const child = spawn(process.execPath, like, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.once('message', () => {
    child.disconnect();
    // Ends and leaves its child behind, now that it has said that it is there.
    if (words.includes('leave')) process.exit(0);
  });
}
