import { once } from 'node:events';
import { connect } from 'node:net';

/** A connection that is up. */
export interface Connection {
  /** Resolves when the process behind it has ended, whatever its death. */
  readonly closed: Promise<unknown>;
  close(): void;
}

/** Connects to a loopback port. */
export async function connected(port: number): Promise<Connection> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // A process that is killed resets its connections.
  socket.on('error', () => undefined).resume();
  return { closed, close: () => socket.destroy() };
}

/** Resolves if somebody listens on a loopback port. */
export async function accepts(port: number): Promise<void> {
  (await connected(port)).close();
}
