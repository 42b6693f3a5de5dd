// Runs one server and ends it with its parent. The parent holds the other end of our standard input: when the parent goes,
// by whatever death, that pipe closes; we then stop the server and remove its folder.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let stopping = false;

function stop() {
  if (stopping) return;
  stopping = true;
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGKILL'), 3_000).unref();
}

server.on('error', (error) => {
  console.error(`${command}: ${error.message}`);
  process.exit(127);
});
server.on('exit', (code, signal) => {
  if (folder !== '') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code ?? (signal === null ? 1 : 0));
});
process.stdin
  .on('data', () => undefined)
  .on('end', stop)
  .on('error', stop);
// A terminal's Ctrl-C reaches the whole group: the parent decides when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
