import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** What becomes of a request to run a command: a refusal, or a connection to speak over. */
export type Reaction = { readonly refuse: number; readonly json?: object } | ((connection: ExecConnection) => void);

/** The server's end of a connection. */
export interface ExecConnection {
  readonly socket: WebSocket;
  send(channel: 1 | 2 | 3, payload: string | Buffer): void;
  /** Tells the end, and closes. */
  end(status: object): void;
}

/** A running API server, as far as it runs commands. */
export interface ExecServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** Starts one that speaks the last of `protocols` that the client offers, too. */
export async function startExecServer(
  react: (count: number) => Reaction,
  protocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
): Promise<ExecServer> {
  const requests: IncomingMessage[] = [];
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
  const server = createServer();
  server.on('upgrade', (request, socket: Socket, head) => {
    requests.push(request);
    const reaction = react(requests.length);
    if (typeof reaction === 'function') sockets.handleUpgrade(request, socket, head, (open) => reaction(speak(open)));
    else
      socket.end(`HTTP/1.1 ${reaction.refuse} No\r\nConnection: close\r\n\r\n${JSON.stringify(reaction.json ?? {})}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      for (const client of sockets.clients) client.terminate();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

function speak(socket: WebSocket): ExecConnection {
  const send: ExecConnection['send'] = (channel, payload) =>
    socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(payload)]));
  return {
    socket,
    send,
    end(status) {
      send(3, JSON.stringify(status));
      socket.close(1000);
    },
  };
}
