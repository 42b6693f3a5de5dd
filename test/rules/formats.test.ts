import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { Artifact } from '../../src/activities/artifact.ts';
import type { VolumeSnapshot } from '../../src/api/backup.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { parseJson } from '../../src/api/json.ts';
import { decodeGzipJson } from '../../src/backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import { readManifests } from '../../tools/demo/manifests.ts';
import { goldenBackups, goldenFile, goldenRestores } from '../backup-format/golden.ts';
import { ActivityBackup } from '../support/activity-backup.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';
import { mismatches } from '../support/shape.ts';
import { readGzippedJson, readJson, unpackByGnuTar, type ReadFile } from '../support/tar-and-jq.ts';
import { logLineShape, veleroShapes } from '../support/velero-shapes.ts';

const layout = backupLayout('nightly');
const gzipped = [
  'results',
  'resourceList',
  'volumeSnapshots',
  'podVolumeBackups',
  'itemOperations',
  'volumeInfo',
] as const;

/** `NetworkPolicy` to `networkpolicies`. */
function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word.endsWith('s')) return `${word}es`;
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

describe("the files of a backup of the demo's shop", () => {
  const shop = readManifests(new URL('../../tools/demo/shop.yaml', import.meta.url), { VOLUME_PATH: '/tmp/shop' });
  let backup: ActivityBackup;
  let unpacked: ReadFile[];

  before(async () => {
    const runner = new ActivityRunner();
    for (const { apiVersion, kind, metadata } of shop)
      runner.cluster.serve({ [apiVersion]: { [`${pluralOf(kind)}${metadata.namespace ? '' : '*'}`]: kind } });
    runner.cluster.hold(...shop);
    backup = await ActivityBackup.make(runner);
    unpacked = unpackByGnuTar(backup.file(layout.contents));
  });

  it('have the shapes of Velero', () => {
    assert.deepEqual(mismatches(JSON.parse(readJson(backup.file(layout.metadata))), veleroShapes.backup), []);
    for (const file of gzipped)
      assert.deepEqual(
        mismatches(JSON.parse(readGzippedJson(backup.file(layout[file]))), veleroShapes[file], file),
        [],
      );
    for (const line of backup.log()) assert.match(line, logLineShape);
  });

  it('are one gzip member each, as Go writes them, with a newline at the end', () => {
    for (const file of gzipped) assert.match(gunzipSync(backup.file(layout[file])).toString(), /^[^\n]*\n$/);
  });

  it('say in the record which format they are of', () => {
    const { status } = JSON.parse(readJson(backup.file(layout.metadata))) as { status: Record<string, unknown> };
    assert.deepEqual([status['version'], status['formatVersion']], [1, '1.1.0']);
    assert.ok(unpacked.some(({ path }) => path === 'metadata/version'));
  });

  it('hold each object, word for word, under both its paths, as GNU tar and jq read them', () => {
    const items = unpacked.filter(({ path }) => path !== 'metadata/version');
    assert.equal(items.length, 2 * shop.length);
    const classic = new Map<string, string>();
    const versioned = new Map<string, string>();
    for (const { path, json } of items) {
      const { apiVersion } = JSON.parse(json) as Unstructured;
      const version = `/${apiVersion.split('/').at(-1)}-preferredversion/`;
      if (path.includes(version)) versioned.set(path.replace(version, '/'), json);
      else classic.set(path, json);
    }
    assert.deepEqual(versioned, classic);
    for (const object of shop) {
      const { kind, metadata } = object;
      const place = metadata.namespace ? `namespaces/${metadata.namespace}` : 'cluster';
      const path = [...classic.keys()].find(
        (one) => one.endsWith(`${place}/${metadata.name}.json`) && isOf(one, object),
      );
      assert.ok(path, `${kind} ${metadata.name}`);
      const {
        uid: _,
        resourceVersion: __,
        creationTimestamp: ___,
        ...kept
      } = (parseJson(classic.get(path)!) as unknown as Unstructured).metadata;
      assert.deepEqual(kept, metadata);
    }
  });

  it('have modes by which Velero can make directories', () => {
    assert.deepEqual(new Set(unpacked.map(({ mode }) => mode)), new Set(['755']));
  });
});

describe('the files of a restore', () => {
  it('have the shapes of Velero, and its record that of a Restore', async () => {
    const runner = new ActivityRunner();
    runner.cluster.hold(object('v1 Namespace', 'shop'));
    const items = ['web', 'db'].map((name) => object('v1 ConfigMap', `shop/${name}`, { data: { name } }));
    await holdBackup(
      runner.store,
      'nightly',
      items.map((item) => ({ groupResource: 'configmaps', item })),
    );
    runner.cluster.hold(object('v1 ConfigMap', 'shop/db', { data: { name: 'another' } }));
    const { run, plan } = await runner.prepareRestore();
    const batch = { items: 500, bytes: 4_000_000 };
    const unpacked = await runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
    const applied = await runner.run('applyItems', {
      ...{
        run,
        plan,
        step: 'apply-1',
        batch: unpacked.groups.find(({ groupResource }) => groupResource === 'configmaps')!.batches[0]!,
      },
      ...{ volumes: [], failedVolumes: {}, volumeReports: [] },
    });
    const reports = [unpacked.report, applied.report];
    const closing = [{ level: 'error' as const, time: '2026-01-02T03:05:05Z', message: 'It was too slow' }];
    const snapshot: VolumeSnapshot = {
      spec: {
        ...{ backupName: 'nightly', backupUID: 'u', location: 'disks', persistentVolumeName: 'pv-1' },
        ...{ providerVolumeID: 'v', volumeType: 'memory' },
      },
      status: { phase: 'Completed', providerSnapshotID: 's' },
    };
    const keys = restoreLayout('again');
    const volumes = [{ persistentVolume: 'pv-1', pvcName: 'data', pvcNamespace: 'shop', snapshot, volumeId: 'v-2' }];
    for (const artifact of [
      { type: 'logs', reports, closing },
      { type: 'results', reports, closing },
      { type: 'resourceList', reports },
      { type: 'itemOperations' },
      { type: 'volumeInfo', volumes },
      { type: 'metadata', status: { phase: 'PartiallyFailed' } },
    ] satisfies Artifact[])
      await runner.run('putObject', { run, plan, artifact });
    const file = (key: string): Buffer => runner.store.objects.get(key)!;
    const json = (key: string): unknown => JSON.parse(readGzippedJson(file(key)));
    assert.deepEqual(mismatches(json(keys.results), veleroShapes.results), []);
    assert.deepEqual(mismatches(json(keys.resourceList), veleroShapes.restoredResources), []);
    assert.deepEqual(mismatches(json(keys.itemOperations), veleroShapes.itemOperations), []);
    assert.deepEqual(mismatches(json(keys.volumeInfo), veleroShapes.restoreVolumeInfo), []);
    const lines = gunzipSync(file(keys.logs)).toString().trimEnd().split('\n');
    for (const line of lines) assert.match(line, logLineShape);
    assert.ok(
      lines.some((line) => /msg="Created item" name=web namespace=shop resource=configmaps restore=/.test(line)),
      lines.join('\n'),
    );
    const { kind, status } = JSON.parse(readJson(file(keys.record))) as Unstructured;
    assert.deepEqual([kind, status], ['Restore', { phase: 'PartiallyFailed' }]);
  });
});

function isOf(path: string, { apiVersion, kind }: Unstructured): boolean {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return path.startsWith(`resources/${pluralOf(kind)}${group}/`);
}

describe('the shapes of the files', () => {
  for (const name of goldenBackups) {
    it(`are those of Velero's backup ${name}`, async () => {
      const keys = backupLayout(name);
      assert.deepEqual(mismatches(JSON.parse(goldenFile(keys.metadata).toString()), veleroShapes.backup), []);
      for (const file of gzipped)
        assert.deepEqual(mismatches(await decodeGzipJson(goldenFile(keys[file])), veleroShapes[file], file), []);
      for (const line of gunzipSync(goldenFile(keys.logs)).toString().trimEnd().split('\n'))
        assert.match(line, logLineShape);
    });
  }

  for (const name of goldenRestores) {
    it(`are those of Velero's restore ${name}`, async () => {
      const keys = restoreLayout(name);
      const read = (key: string) => decodeGzipJson(goldenFile(key));
      assert.deepEqual(mismatches(await read(keys.results), veleroShapes.results), []);
      assert.deepEqual(mismatches(await read(keys.resourceList), veleroShapes.restoredResources), []);
      assert.deepEqual(mismatches(await read(keys.itemOperations), veleroShapes.itemOperations), []);
      assert.deepEqual(mismatches(await read(keys.volumeInfo), veleroShapes.restoreVolumeInfo), []);
    });
  }

  it('tell what is missing, what is too much and what is of another kind', () => {
    const snapshot = { spec: {}, status: { phase: 'Done' }, more: 1 };
    assert.deepEqual(mismatches([snapshot], [{ members: { spec: { members: { a: 'text' } }, status: 'any' } }]), [
      '[0].spec.a: missing',
      '[0].more: not expected',
    ]);
    assert.deepEqual(mismatches(-1, 'count'), ['.: expected a count, got -1']);
  });
});
