import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { FloorSettings } from './messages.ts';
import { floorService } from './stream.ts';
import { syncedWrites } from './synced-writes.ts';

// Answers each message once it has synced a write of its own. Tells its port.

const { disk, folder }: FloorSettings = JSON.parse(process.argv[2] ?? '{}');
process.once('disconnect', () => process.exit());

const write = await syncedWrites(disk, folder);
const server = new Server();
server.addService(floorService, {
  commit: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => write(() => call.write(message)));
    call.on('error', () => undefined);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.(port);
});
