// Runs one program and ends it with its parent. The parent holds the other end of our standard input: when the parent goes,
// by whatever death, that pipe closes; we then stop the program and remove its folder.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';

const [folder, command, ...args] = process.argv.slice(2);
const program = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let stopping = false;

function stop() {
  if (stopping) return;
  stopping = true;
  try {
    // The group that we lead: what the program started ends too.
    process.kill(-process.pid, 'SIGTERM');
  } catch {
    program.kill('SIGTERM');
  }
  setTimeout(() => program.kill('SIGKILL'), 3_000).unref();
}

function end(code) {
  if (folder !== '') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
}

program.on('error', (error) => {
  console.error(`${command}: ${error.message}`);
  end(127);
});
program.on('exit', (code, signal) => end(code ?? (stopping ? 0 : 128 + constants.signals[signal])));
process.stdin
  .on('data', () => undefined)
  .on('end', stop)
  .on('error', stop);
// A terminal's Ctrl-C reaches the whole group: the parent decides when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
