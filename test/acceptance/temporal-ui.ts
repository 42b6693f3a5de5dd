// What a person sees in Temporal's own UI. With BOWLINE_SCREENSHOTS the pictures go into that folder.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { RunResult } from '../../src/workflows/messages.ts';
import { findChromium } from '../../tools/stack/debian.ts';
import { ManualClock } from '../../tools/stack/provider-clock.ts';
import { providerDriver, type ProviderSnapshotterOptions } from '../../tools/stack/provider-snapshotter.ts';
import { startSnapshotProvider, type SnapshotProvider } from '../../tools/stack/snapshot-provider.ts';
import { createEnvironment, type Environment } from '../end-to-end/environment.ts';
import { object } from '../support/objects.ts';
import { temporalServer } from '../support/servers.ts';
import { workflowBundleFile } from '../support/workflow-bundle.ts';
import { eventually } from '../tools/stack/eventually.ts';

const name = 'acceptance-ui';
const pendingMs = 100 * 60_000;
const width = 1_500;
const labels = { test: name };
const workerScript = fileURLToPath(new URL('../../tools/stack/snapshot-worker.ts', import.meta.url));

describe("Temporal's UI", function () {
  this.timeout(300_000);
  const clock = new ManualClock();
  let environment: Environment;
  let provider: SnapshotProvider;
  let worker: ChildProcess;
  let browser: Browser;
  let page: Page;
  let url: string;
  let waiting: Awaited<ReturnType<Environment['start']>>;

  before(async () => {
    const executablePath = await findChromium();
    // Root, in a container, has no sandbox to give; the pages are our own.
    browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
    page = await browser.newPage({ viewport: { width, height: 900 } });
    page.setDefaultTimeout(20_000);
    url = `${(await temporalServer()).uiUrl}/namespaces/default/workflows`;
    provider = await startSnapshotProvider({ now: clock.now, pendingMs });
    provider.addVolume('vol-a');
    environment = await createEnvironment(name, {
      settings: () => ({ volumeSnapshotLocations: [{ name: 'disks', provider: 'snapshot-provider' }] }),
    });
    await createObjects();
    await startWorker();
    await runBackups();
  });

  after(async () => {
    await browser?.close();
    worker?.kill('SIGKILL');
    await provider?.stop();
    await environment?.stop();
  });

  async function createObjects(): Promise<void> {
    const { kubernetes } = environment;
    const discovery = await kubernetes.discover();
    const [namespaces, configMaps, volumes] = ['namespaces', 'configmaps', 'persistentvolumes'].map((resource) =>
      discovery.find(resource),
    );
    await kubernetes.create(namespaces!, object('v1 Namespace', name));
    for (let index = 0; index < 20; index++)
      await kubernetes.create(
        configMaps!,
        object('v1 ConfigMap', `${name}/settings-${index}`, { metadata: { labels } }),
      );
    const csi = { driver: providerDriver, volumeHandle: 'vol-a' };
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi };
    await kubernetes.create(volumes!, object('v1 PersistentVolume', name, { metadata: { labels }, spec }));
  }

  async function startWorker(): Promise<void> {
    const options: ProviderSnapshotterOptions = { url: provider.url, pollAfterMs: 500 };
    const args = [environment.configuration, await workflowBundleFile(), JSON.stringify(options)];
    worker = fork(workerScript, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(worker, 'message');
  }

  /** One that completes, one that is refused, and one that waits for its snapshot. */
  async function runBackups(): Promise<void> {
    const spec = { includedResources: ['configmaps'], labelSelector: { matchLabels: labels } };
    assert.equal((await environment.run('backup', { name: 'nightly-1', spec })).phase, 'Completed');
    const refused = await environment.start('backup', { name: 'nightly-2', spec: { storageLocation: 'nowhere' } });
    await assert.rejects(refused.result());
    const all = { ...spec, includedResources: ['configmaps', 'persistentvolumes'] };
    waiting = await environment.start('backup', { name: 'nightly-3', spec: all });
    await eventually('the snapshot is accepted', () => provider.snapshots.size === 1);
    clock.advance(pendingMs * 0.43);
  }

  function ofRun({ workflowId, firstExecutionRunId }: typeof waiting): string {
    return `${url}/${encodeURIComponent(workflowId)}/${firstExecutionRunId}`;
  }

  /** The upper part of a page: what is below tells of the machine that it was taken on. */
  async function picture(file: string, height: number): Promise<void> {
    const folder = process.env['BOWLINE_SCREENSHOTS'];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${file}.png`), clip: { x: 0, y: 0, width, height } });
  }

  it('lists runs with their phases', async () => {
    await page.goto(url);
    await page.getByTestId('workflows-summary-table-configuration-button').click();
    for (const column of ['Run ID', 'Type', 'End']) await page.getByLabel(`Remove ${column} column`).click();
    for (const column of ['BowlineKind', 'BowlinePhase', 'BowlineLocation'])
      await page.getByLabel(`Add ${column} column`).click();
    await page.getByTestId('drawer-close-button').click();
    await page.getByLabel('Collapse saved views').click();
    const phases = { 'nightly-1': 'Completed', 'nightly-2': 'Failed', 'nightly-3': 'InProgress' };
    for (const [run, phase] of Object.entries(phases))
      await page
        .locator('tr', { hasText: `backup/${run}` })
        .filter({ hasText: phase })
        .waitFor();
    await picture('temporal-ui-list', 450);
  });

  it('shows what a running backup is doing', async () => {
    await page.goto(`${ofRun(waiting)}/user-metadata`);
    // What is Markdown is shown in a frame of its own.
    const report = page.frameLocator('iframe').getByRole('listitem');
    for (const line of ['items: 21 of 21', 'volumes: 0 of 1', 'configmaps: 20 of 20', 'persistentvolumes: 1 of 1'])
      await report.filter({ hasText: line }).waitFor();
    await picture('temporal-ui-report', 850);
  });

  it('shows how far a pending snapshot is', async () => {
    await page.goto(`${ofRun(waiting)}/pending-activities`);
    await page.getByText('awaitSnapshot').first().waitFor();
    await page.getByText(/43 %/).first().waitFor();
    await picture('temporal-ui-snapshot', 590);
    clock.advance(pendingMs);
    const { phase, volumes } = (await waiting.result()) as RunResult;
    assert.deepEqual([phase, volumes.completed], ['Completed', 1]);
  });
});
