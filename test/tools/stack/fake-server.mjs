// A server for tests: `<behaviour> <port>`. It listens, says so, and holds every connection open until it ends.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const [behaviour, port, ...rest] = process.argv.slice(2);
const behaviours = {
  serve: () => listen(),
  /** Lets a child serve; ends on SIGTERM without a word to it. */
  delegate() {
    spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve', port], { stdio: 'inherit' });
    process.on('SIGTERM', () => process.exit(0));
  },
  /** Writes 20 lines to both outputs and ends with the code that follows. */
  fail() {
    for (let line = 1; line <= 20; line++) (line % 2 ? process.stdout : process.stderr).write(`line ${line}\n`);
    process.exitCode = Number(rest[0]);
  },
  /** Ends by the signal that follows. */
  die: () => process.kill(process.pid, rest[0]),
};

behaviours[behaviour]();

/** Speaks first, and listens then: it may be stopped as soon as anybody has reached it. */
function listen() {
  console.log(`serving, with ${process.env.FAKE_SETTING ?? 'no setting'}`);
  createServer((socket) => socket.on('error', () => undefined)).listen(Number(port), '127.0.0.1');
}
