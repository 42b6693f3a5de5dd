import { once } from 'node:events';
import type { Server } from 'node:http';
import { BowlineError } from './api/errors.ts';
import type { ListenAddress } from './api/listen-address.ts';

/** Listens until it is closed. */
export interface Listener {
  close(): Promise<void>;
}

/** Has the server listen; `tried` begins the message. Rejects with `InvalidConfig` if the address can't be had. */
export async function listen(server: Server, { host, port }: ListenAddress, tried: string): Promise<Listener> {
  server.listen({ host, port });
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new BowlineError('InvalidConfig', `${tried} at ${host}:${port}: ${cause.code}`, { cause });
  });
  return { close: () => closeServer(server) };
}

/** Closes the server, with every connection to it. Nothing happens to one that does not listen. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
