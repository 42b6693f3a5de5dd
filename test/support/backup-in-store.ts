import { gzipSync } from 'node:zlib';
import type { BackupStatus, VolumeSnapshot } from '../../src/api/backup.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { SegmentWriter } from '../../src/backup-format/segment-writer.ts';
import { endMember, versionMember } from '../../src/backup-format/tarball.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';

export interface ItemInTarball {
  readonly groupResource: string;
  readonly item: Unstructured;
}

const mtime = new Date(0);

/** Puts a finished backup into a store. */
export async function holdBackup(
  store: ObjectStore,
  name: string,
  items: readonly ItemInTarball[],
  {
    status,
    labels,
    snapshots = [],
    files = {},
  }: {
    readonly status?: Partial<BackupStatus>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly snapshots?: readonly VolumeSnapshot[];
    /** What other files hold, as JSON. */
    readonly files?: Partial<Record<'podVolumeBackups' | 'volumeInfo' | 'csiVolumeSnapshots', unknown>>;
  } = {},
): Promise<void> {
  const layout = backupLayout(name);
  const writer = new SegmentWriter({ mtime });
  for (const { groupResource, item } of items) {
    const { name: itemName, namespace = '' } = item.metadata;
    const place = { groupResource, version: 'v1', preferred: true, namespace, name: itemName };
    await writer.add({ ...place, body: JSON.stringify(item) });
  }
  const { body } = await writer.finish();
  const tarball = Buffer.concat([await versionMember(mtime), body, await endMember()]);
  await store.putObject(layout.contents, tarball);
  await store.putObject(layout.volumeSnapshots, gzipSync(JSON.stringify(snapshots)));
  for (const [file, value] of Object.entries(files))
    await store.putObject(layout[file as keyof typeof files], gzipSync(JSON.stringify(value)));
  const metadata = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name, namespace: 'velero', uid: `${name}-uid`, ...(labels && { labels }) },
    spec: {},
    status: {
      phase: 'Completed',
      startTimestamp: '2026-01-02T03:04:00Z',
      completionTimestamp: '2026-01-02T03:05:00Z',
      ...status,
    },
  };
  await store.putObject(layout.metadata, Buffer.from(JSON.stringify(metadata)));
}
