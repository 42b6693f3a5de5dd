import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** What becomes of one request: a refusal by its code, no answer though it had its effect, or an answer made from moto's. */
export type Fault = { readonly status: number; readonly code: string } | 'lose' | ((xml: string) => string);

/**
 * Stands between a client and moto, which does everything at once and refuses nothing: what waits, throttles, pages and loses
 * answers is made here.
 */
export class Ec2Proxy {
  readonly url: string;
  /** The parameters of every request, in order. */
  readonly requests: URLSearchParams[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #faults: { readonly action: string; readonly fault: Fault }[] = [];

  private constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(target: string): Promise<Ec2Proxy> {
    let started: Ec2Proxy | undefined;
    const server = createServer((incoming, outgoing) => {
      started!.#forward(target, incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    started = new Ec2Proxy(server, `http://127.0.0.1:${(server.address() as { port: number }).port}`);
    return started;
  }

  /** The next requests of an action meet these faults, one each. */
  fault(action: string, ...faults: readonly Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ action, fault })));
  }

  /** The requests of an action. */
  asked(action: string): URLSearchParams[] {
    return this.requests.filter((request) => request.get('Action') === action);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const request = new URLSearchParams(body);
    this.requests.push(request);
    const index = this.#faults.findIndex(({ action }) => action === request.get('Action'));
    const fault = index < 0 ? undefined : this.#faults.splice(index, 1)[0]!.fault;
    outgoing.setHeader('content-type', 'text/xml');
    if (typeof fault === 'object') {
      outgoing.writeHead(fault.status).end(refusal(fault.code));
      return;
    }
    const headers = {
      authorization: incoming.headers.authorization ?? '',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    };
    const answer = await fetch(target, { method: 'POST', headers, body });
    const xml = await answer.text();
    if (fault === 'lose') outgoing.destroy();
    else outgoing.writeHead(answer.status).end(fault ? fault(xml) : xml);
  }
}

/** How EC2 says no. Its words may echo what it was sent. */
function refusal(code: string): string {
  const error = `<Error><Code>${code}</Code><Message>in the words of the server</Message></Error>`;
  return `<?xml version="1.0"?><Response><Errors>${error}</Errors><RequestID>request-1</RequestID></Response>`;
}
