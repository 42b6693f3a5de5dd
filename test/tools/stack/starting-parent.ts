// A process that starts a fake server, as `starting-parent.ts <port> <folder>`, and stays until it is killed.
import { fileURLToPath } from 'node:url';
import { startServer } from '../../../tools/stack/server.ts';
import { accepts } from './connection.ts';

const [port = '', folder = ''] = process.argv.slice(2);
await startServer({
  name: 'fake',
  command: process.execPath,
  args: [fileURLToPath(new URL('./fake-server.mjs', import.meta.url)), 'serve', port],
  folder,
  ready: () => accepts(Number(port)),
});
console.log('started');
setInterval(() => undefined, 60_000);
