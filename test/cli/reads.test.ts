import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parse } from 'yaml';
import { BowlineError, type BackupEntry, type RestoreEntry } from '../../src/client/index.ts';
import { backupRecord, restoreRecord, results } from '../client/records.ts';
import { runCli, statusOf } from './fake-cli.ts';

const entries: BackupEntry[] = [
  {
    name: 'web',
    location: 'far',
    phase: 'Deleting',
    record: {
      ...backupRecord('web', { errors: 2, warnings: 1 }),
      spec: { labelSelector: { matchLabels: { a: 'b' } } },
    },
  },
  { name: 'shop', location: 'here', phase: 'Completed', record: backupRecord('shop') },
];
const backups = {
  list: async () => entries,
  async get(name: string) {
    const found = entries.find((entry) => entry.name === name);
    if (found) return found;
    throw new BowlineError('NotFound', `backup ${name}: not in the storage locations (here)`);
  },
  async describe(name: string) {
    const resources = { 'v1/Pod': ['shop/web', 'shop/db'] };
    const spec = { persistentVolumeName: 'pv-1', volumeType: 'io1', volumeAZ: 'a', volumeIOPS: 200 };
    const volumeSnapshots = [{ spec, status: { providerSnapshotID: 'snap-1', phase: 'Completed' } }];
    const volumeInfo = [
      {
        pvName: 'pv-2',
        pvcName: 'data',
        pvcNamespace: 'shop',
        skipped: true,
        skippedReason: 'volumeSnapshot: volume policy 1 matches, with action skip;',
      },
      {
        pvName: 'pv-1',
        backupMethod: 'NativeSnapshot',
        result: 'succeeded',
        nativeSnapshotInfo: {
          snapshotHandle: 'snap-1',
          volumeType: 'io1',
          volumeAZ: 'a',
          iops: '200',
          Phase: 'Completed',
        },
      },
    ];
    return { ...(await backups.get(name)), results, resources, volumeSnapshots, volumeInfo, bytes: 2_048 };
  },
  logs: async () => Readable.from([Buffer.from('a line\n'), Buffer.from('and é\n')]),
};
const restore: RestoreEntry = {
  name: 'back',
  location: 'here',
  phase: 'PartiallyFailed',
  record: restoreRecord('back'),
};
const restores = {
  list: async () => [restore],
  get: async () => restore,
  describe: async () => ({ ...restore, results, resources: { 'v1/Pod': ['shop/web(created)'] } }),
};

describe('get', () => {
  it("lists backups in Velero's columns", async () => {
    const { exitCode, out, closed } = await runCli(['backup', 'get'], { backups });
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      [
        'NAME  STATUS     ERRORS  WARNINGS  CREATED               EXPIRES  STORAGE LOCATION  SELECTOR',
        'shop  Completed  0       0         2026-01-02T03:04:05Z  20d      here              <none>',
        'web   Deleting   2       1         2026-01-02T03:04:05Z  20d      far               a=b',
        '',
      ].join('\n'),
    );
    assert.equal(closed, true);
  });

  it("lists restores in Velero's columns", async () => {
    assert.equal(
      (await runCli(['restore', 'get'], { restores })).out,
      [
        'NAME  BACKUP  STATUS           STARTED               COMPLETED             ERRORS  WARNINGS  CREATED               SELECTOR',
        'back  shop-1  PartiallyFailed  2026-01-03T03:04:05Z  2026-01-03T03:04:15Z  1       1         2026-01-03T03:04:05Z  <none>',
        '',
      ].join('\n'),
    );
  });

  it('prints the head alone where there is nothing', async () => {
    const { out } = await runCli(['backup', 'get'], { backups: { list: async () => [] } });
    assert.match(out, /^NAME {2}STATUS .*SELECTOR\n$/);
  });

  it('prints names, one a line', async () => {
    assert.equal((await runCli(['backup', 'get', '-o', 'name'], { backups })).out, 'shop\nweb\n');
  });

  it('gives one object for one name and a list otherwise, with the phase that is shown', async () => {
    const one = JSON.parse((await runCli(['backup', 'get', 'web', '-o', 'json'], { backups })).out) as object;
    const { record } = entries[0]!;
    assert.deepEqual(one, { ...record, status: { ...record.status, phase: 'Deleting' } });
    const all = parse((await runCli(['backup', 'get', '-o', 'yaml'], { backups })).out) as object;
    assert.deepEqual(all, { apiVersion: 'velero.io/v1', kind: 'BackupList', items: [backupRecord('shop'), one] });
  });

  it('fails for a name that is not there, in one line', async () => {
    const { exitCode, out, err, closed } = await runCli(['backup', 'get', 'shop', 'gone'], { backups });
    assert.deepEqual([exitCode, out, closed], [1, '', true]);
    assert.equal(
      err,
      'error: get backups: backup gone: not in the storage locations (here) (`get` lists what is there)\n',
    );
  });

  it("does not let a store's names steer the terminal", async () => {
    const name = '\u001b[2Jevil\u0007';
    const { out } = await runCli(['backup', 'get', '-o', 'name'], {
      backups: { list: async () => [{ ...entries[0], name }] },
    });
    assert.equal(out, 'evil\n');
  });

  it('colours phases only where colours are wanted', async () => {
    const terminal = { out: (text: string) => void (out += text), err: () => undefined, color: true };
    let out = '';
    await runCli(['backup', 'get'], { backups }, { terminal });
    assert.ok(out.includes('\u001b[32mCompleted\u001b[39m  0 '), JSON.stringify(out));
  });
});

describe('describe', () => {
  const until = (last: string) => (text: string) => text.slice(0, text.indexOf(last));
  const head = `Name:         shop
Namespace:    velero
Labels:       velero.io/storage-location=here
Annotations:  <none>

Phase:  Completed

Errors:  0
  Velero:   <none>
  Cluster:  <none>
  Namespaces:
    shop:   resource: /pods name: /web message: /no such node

Warnings:  0
  Velero:      slow
  Cluster:      resource: /nodes name: /a message: /exists
  Namespaces:  <none>

Namespaces:
  Included:  shop
  Excluded:  <none>

Resources:
  Included cluster-scoped:    <none>
  Excluded cluster-scoped:    <none>
  Included namespace-scoped:  *
  Excluded namespace-scoped:  <none>

Label selector:  <none>

Or label selector:  <none>

Storage Location:  here

Velero-Native Snapshot PVs:  auto

TTL:  720h0m0s

Backup Format Version:  1.1.0

Started:    2026-01-02T03:04:05Z
Completed:  2026-01-02T03:05:05Z

Expiration:  2026-02-01T03:04:05Z

Total items to be backed up:  3
Items backed up:              3
Size:                         2.0 KiB

`;
  const skipped = `  Volumes without a backup:
    pv-2:  volumeSnapshot: volume policy 1 matches, with action skip;
`;

  it('tells about a backup', async () => {
    assert.equal(
      (await runCli(['backup', 'describe', 'shop'], { backups })).out,
      `${head}Resource List:
  v1/Pod:  2

Backup Volumes:
  Velero-Native Snapshots:
    pv-1:  specify --details for more information
  CSI Snapshots:       <none included>
  Pod Volume Backups:  <none included>
${skipped}`,
    );
  });

  it('names every resource and tells all of every volume with --details', async () => {
    const { out } = await runCli(['backup', 'describe', 'shop', '--details'], { backups });
    assert.ok(out.startsWith(head));
    assert.equal(
      until('  CSI Snapshots')(out.slice(head.length)),
      `Resource List:
  v1/Pod:
    - shop/web
    - shop/db

Backup Volumes:
  Velero-Native Snapshots:
    pv-1:
      Snapshot ID:        snap-1
      Type:               io1
      Availability Zone:  a
      IOPS:               200
      Result:             succeeded
`,
    );
    assert.ok(out.endsWith(skipped));
  });

  it('tells of the snapshots of a backup that is too old for volume info', async () => {
    const old = async () => ({ ...(await backups.describe('shop')), volumeInfo: undefined });
    const { out } = await runCli(['backup', 'describe', 'shop', '--details'], { backups: { describe: old } });
    assert.match(out, /\n {4}pv-1:\n {6}Snapshot ID: {8}snap-1\n {6}Type: {15}io1\n/);
  });

  it('tells which lists of which kind a spec has, in what order, and by which policies', async () => {
    const spec = {
      includedResources: ['pods'],
      orderedResources: { pods: 'shop/a,shop/b' },
      resourcePolicy: { kind: 'configmap', name: 'policies' },
      snapshotMoveData: false,
    };
    const record = { ...backupRecord('shop'), spec };
    const { out } = await runCli(['backup', 'describe', 'shop'], {
      backups: { describe: async () => ({ ...entries[1], record }) },
    });
    assert.match(out, /\nResource policies:\n {2}Type: {2}configmap\n {2}Name: {2}policies\n/);
    assert.match(out, /\nResources:\n {2}Included: {8}pods\n {2}Excluded: {8}<none>\n {2}Cluster-scoped: {2}auto\n/);
    assert.match(out, /\nOrderedResources:\n {2}pods: {2}shop\/a,shop\/b\n/);
    assert.match(out, /\nSnapshot Move Data: {10}false\n/);
  });

  it('says how to see more of one that failed', async () => {
    const failed = { ...entries[1], phase: 'PartiallyFailed' };
    const { out } = await runCli(['backup', 'describe', 'shop'], { backups: { describe: async () => failed } });
    assert.match(out, /\nPhase: {2}PartiallyFailed \(run `bowline backup logs shop` for more\)\n/);
  });

  it('tells what a running backup does', async () => {
    const run = statusOf('InProgress');
    const running = { ...entries[1], phase: 'InProgress', run };
    const { out } = await runCli(['backup', 'describe', 'shop'], { backups: { describe: async () => running } });
    assert.match(out, /\nPhase: {2}InProgress\nStep: {3}collecting items\n/);
    assert.match(out, /\nEstimated total items to be backed up: {2}3\nItems backed up so far: +3\n/);
    assert.match(out, /\n {2}Velero-Native Snapshots: {2}<none included>\n/);
  });

  it('tells since when a running backup is paused', async () => {
    const run = statusOf('InProgress', { pausedSince: '2026-01-12T03:04:00Z' });
    const paused = { ...entries[1], phase: 'Paused', run };
    const { out } = await runCli(['backup', 'describe', 'shop'], { backups: { describe: async () => paused } });
    assert.match(out, /\nPhase: +Paused\nStep: +collecting items\nPaused Since: +2026-01-12T03:04:00Z\n/);
  });

  it('tells all about a restore', async () => {
    const { out } = await runCli(['restore', 'describe', 'back'], { restores });
    assert.match(out, /^Name: +back\n/);
    assert.match(out, /\nPhase: {2}PartiallyFailed \(run `bowline restore logs back` for more\)\n/);
    assert.match(out, /\nNamespaces:\n {2}Included: {2}all namespaces found in the backup\n/);
    assert.match(out, /\nBackup: {2}shop-1\n/);
    assert.match(out, /\nNamespace mappings: {2}shop=shop-copy\n/);
    assert.match(out, /\nResource List:\n {2}v1\/Pod: {2}1\n/);
  });

  it('tells of the volumes of a restore, and names its resources, with --details', async () => {
    const nativeSnapshotInfo = { snapshotHandle: 'snap-1', volumeType: 'io1', volumeAZ: 'a', iops: '0', Phase: '' };
    const volumeInfo = [{ pvName: 'pv-1', restoreMethod: 'NativeSnapshot', nativeSnapshotInfo }];
    const describe = async () => ({ ...(await restores.describe()), volumeInfo });
    const { out } = await runCli(['restore', 'describe', 'back', '--details'], { restores: { describe } });
    assert.match(out, /\nVelero-Native Snapshot Restores:\n {2}pv-1:\n {4}Snapshot ID: {8}snap-1\n/);
    assert.match(out, /\nResource List:\n {2}v1\/Pod:\n {4}- shop\/web\(created\)\n/);
  });

  it('tells how many hooks there were, where there were some', async () => {
    const withHooks = backupRecord('shop', { hookStatus: { hooksAttempted: 4, hooksFailed: 1 } });
    const describe = async () => ({ ...entries[1]!, record: withHooks });
    const { out } = await runCli(['backup', 'describe', 'shop'], { backups: { describe } });
    assert.match(out, /\nHooksAttempted: {2}4\nHooksFailed: {5}1\n/);
  });

  it('gives all of it as JSON', async () => {
    const { out } = await runCli(['backup', 'describe', 'shop', '-o', 'json'], { backups });
    const { record, ...others } = await backups.describe('shop');
    assert.deepEqual(JSON.parse(out), { ...others, backup: record });
  });
});

describe('logs', () => {
  it('prints the text as it is', async () => {
    assert.deepEqual(await runCli(['backup', 'logs', 'shop'], { backups }), {
      exitCode: 0,
      out: 'a line\nand é\n',
      err: '',
      closed: true,
    });
  });
});
