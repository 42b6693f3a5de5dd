import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findPackage } from './packages.ts';
import { accepts, answers, freePort, startServer } from './server.ts';

/** Azure Blob storage as Azurite imitates it. What it holds is gone with it. */
export interface AzuriteServer {
  /** The URL of the storage account. */
  readonly accountUrl: string;
  readonly account: string;
  /** The account's key, in Base64. */
  readonly accountKey: string;
  stop(): Promise<void>;
}

export interface AzuriteOptions {
  /** A certificate and its key: it then speaks TLS, and takes tokens too. Default: neither. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
}

/** Starts Azurite, empty, with one storage account. */
export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<AzuriteServer> {
  const installed = await findPackage('azurite');
  const port = await freePort();
  const [account, accountKey] = ['bowline', randomBytes(64).toString('base64')];
  const accountUrl = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/${account}`;
  const server = await startServer({
    name: 'azurite',
    command: process.execPath,
    args: [
      join(installed, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js'),
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--inMemoryPersistence'],
      ...['--silent', '--disableTelemetry', '--disableProductStyleUrl', '--skipApiVersionCheck'],
      ...(tls ? ['--cert', tls.certificateFile, '--key', tls.keyFile, '--oauth', 'basic'] : []),
    ],
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` },
    ready: () => (tls ? accepts(port) : answers(accountUrl)),
  });
  return { accountUrl, account, accountKey, stop: server.stop };
}
