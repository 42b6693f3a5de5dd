import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A kubeconfig on disk. */
export interface KubeconfigFile {
  readonly path: string;
  remove(): Promise<void>;
}

/** Writes a kubeconfig whose current context `test` leads to `server`, as `user`. JSON is YAML too. */
export async function writeKubeconfig(
  server: string,
  user: object = { token: 'secret-token' },
  { skipTLSVerify = true } = {},
): Promise<KubeconfigFile> {
  const folder = await mkdtemp(join(tmpdir(), 'bowline-kubeconfig-'));
  const path = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server, 'insecure-skip-tls-verify': skipTLSVerify } }],
    users: [{ name: 'tester', user }],
    contexts: [{ name: 'test', context: { cluster: 'local', user: 'tester' } }],
    'current-context': 'test',
  };
  await writeFile(path, JSON.stringify(config));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
