// A service that guards what it keeps by fencing tokens: it admits, refuses, and says why by its status. The holder that
// was paused at the wrong moment, which no lock alone can stop, is stopped here.
import { createServer } from 'node:http';
import { admitRequest, createFence, fencingHeaders, fencingStatusOf } from 'holdfast/fencing';
import { createTestCluster } from 'holdfast/testing';

const fence = createFence();
const balances = new Map();

const server = createServer(async (request, response) => {
  const chunks = await request.toArray();
  try {
    // Checked and done in the same turn of the event loop: nothing can come between the two.
    admitRequest(fence, request.url, request.headers);
    balances.set(request.url, Number(Buffer.concat(chunks).toString()));
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(fencingStatusOf(error) ?? 500).end(error.message);
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const put = async (handle, amount) => {
  const url = `http://127.0.0.1:${server.address().port}/account/7`;
  const headers = handle === undefined ? {} : fencingHeaders(handle);
  const response = await fetch(url, { method: 'PUT', headers, body: String(amount) });
  return `${response.status} ${await response.text()}`.trim();
};

const cluster = await createTestCluster();
const sleeper = await cluster.client('sleeper').acquireLock('account/7');
console.log('the first holder writes:', await put(sleeper, 10));

cluster.pause('sleeper');
const successor = await cluster.settle(cluster.node('a').acquireLock('account/7'));
console.log('its successor writes:', await put(successor, 20));
cluster.resume('sleeper');

const late = await put(sleeper, 99);
console.log('the first holder wakes up and writes:', late);
console.log('somebody without a token writes:', await put(undefined, 99));
console.log('the balance is', balances.get('/account/7'));

await cluster.close();
server.closeAllConnections();
server.close();
if (!late.startsWith('412') || balances.get('/account/7') !== 20) process.exitCode = 1;
