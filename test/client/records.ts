import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Backup, BackupStatus } from '../../src/api/backup.ts';
import type { Config } from '../../src/api/config.ts';
import type { Restore } from '../../src/api/restore.ts';
import { encodeGzipJson, encodeMetadata } from '../../src/backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import { logLine } from '../../src/backup-format/log.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { createRegistry } from '../../src/plugins/registry.ts';

/** Opens one of the configuration's storage locations. */
export function storeOf(config: Config, name: string): Promise<ObjectStore> {
  const registry = createRegistry();
  return registry.openObjectStore(registry.named(config.backupStorageLocations, name));
}

/** A Backup as a finished one is recorded. */
export function backupRecord(name: string, status: Partial<BackupStatus> = {}): Backup {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name, namespace: 'velero', uid: 'uid-1', labels: { 'velero.io/storage-location': 'here' } },
    spec: { includedNamespaces: ['shop'], ttl: '720h0m0s', storageLocation: 'here', hooks: {} },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase: 'Completed',
      startTimestamp: '2026-01-02T03:04:05Z',
      completionTimestamp: '2026-01-02T03:05:05Z',
      expiration: '2026-02-01T03:04:05Z',
      progress: { totalItems: 3, itemsBackedUp: 3 },
      ...status,
    },
  };
}

/** A Restore as a finished one is recorded. */
export function restoreRecord(name: string): Restore {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name, namespace: 'velero', uid: 'uid-2', creationTimestamp: '2026-01-03T03:04:05Z' },
    spec: { backupName: 'shop-1', namespaceMapping: { shop: 'shop-copy' } },
    status: {
      phase: 'PartiallyFailed',
      startTimestamp: '2026-01-03T03:04:05Z',
      completionTimestamp: '2026-01-03T03:04:15Z',
      warnings: 1,
      errors: 1,
      progress: { totalItems: 3, itemsRestored: 3 },
    },
  };
}

export const results = {
  errors: { namespaces: { shop: [' resource: /pods name: /web message: /no such node'] } },
  warnings: { velero: ['slow'], cluster: [' resource: /nodes name: /a message: /exists'] },
};

/** Writes the files of a finished backup: its log says `hello`. */
export async function putBackup(store: ObjectStore, name: string, status: Partial<BackupStatus> = {}): Promise<void> {
  const keys = backupLayout(name);
  const snapshot = {
    spec: {
      backupName: name,
      backupUID: 'uid-1',
      location: 'ebs',
      persistentVolumeName: 'pv-1',
      providerVolumeID: 'vol-1',
      volumeType: 'io1',
      volumeAZ: 'us-east-1a',
      volumeIOPS: 200,
    },
    status: { providerSnapshotID: 'snap-1', phase: 'Completed' },
  };
  await store.putObject(keys.contents, new Uint8Array(2_048));
  await store.putObject(keys.logs, await log({ backup: `velero/${name}` }));
  await store.putObject(keys.results, await encodeGzipJson(results));
  await store.putObject(keys.resourceList, await encodeGzipJson({ 'v1/Pod': ['shop/web', 'shop/db'] }));
  await store.putObject(keys.volumeSnapshots, await encodeGzipJson([snapshot]));
  await store.putObject(keys.volumeInfo, await encodeGzipJson([{ pvName: 'pv-1', backupMethod: 'NativeSnapshot' }]));
  await store.putObject(keys.metadata, encodeMetadata(backupRecord(name, status)));
}

/** Writes the files of a finished restore. */
export async function putRestore(store: ObjectStore, name: string): Promise<void> {
  const keys = restoreLayout(name);
  await store.putObject(keys.logs, await log({ restore: `velero/${name}` }));
  await store.putObject(keys.results, await encodeGzipJson(results));
  await store.putObject(keys.resourceList, await encodeGzipJson({ 'v1/Pod': ['shop/web(created)'] }));
  await store.putObject(keys.volumeInfo, await encodeGzipJson([{ pvName: 'pv-1', restoreMethod: 'NativeSnapshot' }]));
  await store.putObject(keys.record, encodeMetadata(restoreRecord(name)));
}

function log(fields: Readonly<Record<string, string>>): Promise<Buffer> {
  const time = '2026-01-02T03:04:05Z';
  return promisify(gzip)(logLine({ time, level: 'info', message: 'hello', fields }));
}
