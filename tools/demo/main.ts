// `npm run demo`: a real application on real servers is backed up, destroyed, restored, compared, and its backup deleted.
// With `--keep` the stack stays up at the end, until Ctrl-C.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import Table from 'cli-table3';
import { connect } from '../../src/kubernetes/http-client.ts';
import { writeConfiguration } from '../stack/configuration.ts';
import { startKubernetes } from '../stack/kubernetes.ts';
import { startS3 } from '../stack/s3.ts';
import { startTemporal } from '../stack/temporal.ts';
import { startWorker } from '../stack/worker.ts';
import { compareObjects, isCompared } from './comparison.ts';
import { differentFiles, digestFiles } from './files.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { createShop, destroyShop, readShop, settled } from './shop.ts';

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bowline-demo-'));
const started: { stop(): Promise<void> }[] = [];
const startedAt = Date.now();
let finished = false;

function say(text: string): void {
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${text}`);
}

/** Runs the command line as a person would, and shows what it prints. */
async function bowline(configuration: string, ...args: string[]): Promise<void> {
  say(`$ bowline ${args.join(' ')}`);
  const child = spawn(process.execPath, [cli, ...args, '--config', configuration], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`bowline ${args.join(' ')} ended with exit code ${code}`);
}

async function startStack() {
  say('starting etcd, kube-apiserver, kube-controller-manager, the Temporal server and an S3 server');
  const starting = [startKubernetes(), startTemporal(), startS3()] as const;
  // Those that did start are stopped, too, if another one did not.
  for (const server of await Promise.allSettled(starting))
    if (server.status === 'fulfilled') started.push(server.value);
  const [kubernetes, temporal, s3] = await Promise.all(starting);
  return { kubernetes, temporal, s3 };
}

async function main(): Promise<void> {
  const { kubernetes: cluster, temporal, s3 } = await startStack();
  const configuration = writeConfiguration({ folder, kubernetes: cluster, temporal, s3 });
  const worker = startWorker(configuration.file);
  started.push({ stop: () => worker.kill('SIGTERM') });
  const kubernetes = await connect({ kubeconfig: cluster.kubeconfig });
  started.push({ stop: () => kubernetes.close() });

  const shop = await createShop(kubernetes, join(folder, 'volume'));
  const before = await readShop(kubernetes, shop);
  const filesBefore = await digestFiles(shop.volume);
  const kinds = new Set(before.map(({ kind }) => kind));
  say(
    `the shop runs: ${before.length} objects of ${kinds.size} kinds, ${filesBefore.size} files and directories in its volume`,
  );

  await bowline(configuration.file, 'backup', 'create', 'shop', '--include-namespaces', 'shop', '--wait');

  await destroyShop(kubernetes, shop);
  say('destroyed: the namespace, its cluster-scoped objects, and the files');

  await bowline(configuration.file, 'restore', 'create', 'shop-again', '--from-backup', 'shop', '--wait');
  await settled(kubernetes);

  const after = await readShop(kubernetes, shop);
  const comparison = compareObjects(before, after);
  const volume = after.find(({ kind }) => kind === 'PersistentVolume')?.['spec'] as { hostPath: { path: string } };
  const filesAfter = await digestFiles(volume.hostPath.path);
  const different = differentFiles(filesBefore, filesAfter);
  say(`compared: ${comparison.equal} of ${before.filter(isCompared).length} objects equal, field by field, but for`);
  for (const [reason, count] of comparison.changes) console.log(`            - ${reason} (${count} objects)`);
  console.log(`            (events and endpoint slices, which controllers make anew, take no part)`);
  say(
    `compared: ${filesBefore.size - different.length} of ${filesBefore.size} files and directories equal by digest and mode`,
  );
  const problems = [...comparison.differences, ...different.map((name) => `file ${name}`)];
  if (problems.length > 0) throw new Error(`the restore differs:\n${problems.join('\n')}`);

  await bowline(configuration.file, 'backup', 'delete', 'shop', '--confirm', '--wait');
  const left = [
    ...readdirSync(join(s3.root, 'bowline'), { recursive: true }).filter((name) => !String(name).startsWith('.')),
    ...readdirSync(join(configuration.snapshots, 'snapshots')),
  ];
  if (left.length > 0) throw new Error(`the deletion left ${left.join(', ')}`);
  say('the object store is empty, and so are the snapshots');

  console.log(await summary(temporal));
  console.log(
    `${comparison.equal} objects and ${filesBefore.size} files compared equal. Done in ${Math.round((Date.now() - startedAt) / 1_000)} s.`,
  );
  if (!process.argv.includes('--keep')) return;
  console.log(
    `The stack stays up until Ctrl-C: ${temporal.uiUrl}, KUBECONFIG=${cluster.kubeconfig}, BOWLINE_CONFIG=${configuration.file}`,
  );
  finished = true;
  await once(process, 'exit');
}

/** One row per run, and each run's link in the Temporal UI. */
async function summary(temporal: { address: string; uiUrl: string }): Promise<string> {
  const connection = await Connection.connect({ address: temporal.address });
  const { workflow } = new Client({ connection });
  const table = new Table({
    head: ['run', 'status', 'items', 'seconds', 'history events'],
    style: { head: [], border: [] },
  });
  const links: string[] = [];
  for (const id of ['backup/shop', 'restore/shop-again', 'delete-backup/shop']) {
    const { status, runId, historyLength } = await workflow.getHandle(id).describe();
    const { items, seconds } = (await workflow.getHandle(id).result()) as RunResult;
    table.push([id, status.name, items, seconds, historyLength]);
    links.push(`${temporal.uiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}/${runId}/history`);
  }
  await connection.close();
  return [table.toString(), 'In the Temporal UI:', ...links].join('\n');
}

async function cleanUp(): Promise<void> {
  for (const { stop } of started.splice(0).reverse()) await stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    void cleanUp().then(() => process.exit(process.argv.includes('--keep') && finished ? 0 : code));
  });
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
