import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { answers, freePort, startServer } from './server.ts';

/** Google Cloud Storage as fake-gcs-server imitates it. It takes any credentials, and none. */
export interface FakeGcsServer {
  /** Of the JSON API, and of objects in signed URLs. */
  readonly endpoint: string;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server, empty. */
export async function startFakeGcs(): Promise<FakeGcsServer> {
  const command = await findBinary('fake-gcs-server');
  const folder = mkdtempSync(join(tmpdir(), 'bowline-gcs-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const endpoint = `http://${host}`;
  const server = await startServer({
    name: 'fake-gcs-server',
    command,
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-public-host', host],
      ...['-external-url', endpoint, '-backend', 'memory', '-log-level', 'error'],
    ],
    folder,
    ready: () => answers(`${endpoint}/_internal/healthcheck`),
  });
  return {
    endpoint,
    async createBucket(name) {
      const response = await fetch(`${endpoint}/storage/v1/b?project=bowline`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      if (!response.ok) throw new Error(`create bucket ${name}: ${response.status} ${await response.text()}`);
    },
    stop: server.stop,
  };
}
