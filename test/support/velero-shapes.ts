import { members, type Shape } from './shape.ts';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const duration = /^(\d+h)?(\d+m)?\d+s$/;
const uid = /./;
const texts: Shape = ['text'];
const byName: Shape = members({ '*': 'text' });

const metadata = members({
  name: 'text',
  namespace: 'text',
  uid,
  creationTimestamp: time,
  'labels?': byName,
  'annotations?': byName,
  // What an API server adds to Velero's own objects.
  'resourceVersion?': 'text',
  'generation?': 'count',
  'managedFields?': 'any',
});

const result = members({ 'velero?': texts, 'cluster?': texts, 'namespaces?': members({ '*': texts }) });

const nativeSnapshotInfo = members({
  snapshotHandle: 'text',
  volumeType: 'text',
  volumeAZ: 'text',
  iops: /^\d+$/,
  Phase: 'text',
});

const claim = { 'pvcName?': 'text', 'pvcNamespace?': 'text', 'pvName?': 'text' } as const satisfies Record<
  string,
  Shape
>;

/** What Velero's files hold, as Velero reads them. Source: Velero v1.18.1, and the files that it wrote in `test/golden`. */
export const veleroShapes = {
  backup: members({
    apiVersion: /^velero\.io\/v1$/,
    kind: /^Backup$/,
    metadata,
    spec: members({
      metadata: 'any',
      includedNamespaces: texts,
      hooks: 'any',
      ttl: duration,
      storageLocation: 'text',
      '*': 'any',
    }),
    status: members({
      version: 'count',
      formatVersion: /^1\.1\.0$/,
      phase: /^(Completed|PartiallyFailed|Failed)$/,
      startTimestamp: time,
      completionTimestamp: time,
      expiration: time,
      'progress?': members({ 'totalItems?': 'count', 'itemsBackedUp?': 'count' }),
      'warnings?': 'count',
      'errors?': 'count',
      'failureReason?': 'text',
      'volumeSnapshotsAttempted?': 'count',
      'volumeSnapshotsCompleted?': 'count',
      'hookStatus?': 'any',
    }),
  }),
  results: members({ errors: result, warnings: result }),
  resourceList: members({ '*': texts }),
  restoredResources: members({ '*': [/^.+\((created|updated|failed|skipped)\)$/] }),
  volumeSnapshots: {
    either: [
      'null',
      [
        members({
          spec: members({
            backupName: 'text',
            backupUID: 'text',
            location: 'text',
            persistentVolumeName: 'text',
            providerVolumeID: 'text',
            volumeType: 'text',
            'volumeAZ?': 'text',
            'volumeIOPS?': 'count',
          }),
          status: members({ 'providerSnapshotID?': 'text', phase: /^(New|Completed|Failed)$/ }),
        }),
      ],
    ],
  },
  podVolumeBackups: { either: ['null', ['any']] },
  itemOperations: ['any'],
  volumeInfo: [
    members({
      ...claim,
      'backupMethod?': /^(NativeSnapshot|PodVolumeBackup|CSISnapshot)$/,
      snapshotDataMoved: 'boolean',
      preserveLocalSnapshot: 'boolean',
      skipped: 'boolean',
      'skippedReason?': /^(\w+: [^;]+;)+$/,
      'result?': /^(succeeded|failed)$/,
      'nativeSnapshotInfo?': nativeSnapshotInfo,
      'pvInfo?': members({ reclaimPolicy: 'text', labels: { either: ['null', byName] } }),
    }),
  ],
  restoreVolumeInfo: [
    members({
      ...claim,
      restoreMethod: /^(NativeSnapshot|PodVolumeRestore|CSISnapshot)$/,
      snapshotDataMoved: 'boolean',
      'nativeSnapshotInfo?': nativeSnapshotInfo,
    }),
  ],
} as const satisfies Readonly<Record<string, Shape>>;

/** A line of a log: the time, the level and the message, then other members in the order of their names. */
export const logLineShape: RegExp =
  /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=(debug|info|warning|error) msg=("([^"\\]|\\.)*"|\S+)( [\w. ]+=("([^"\\]|\\.)*"|\S*))*$/;
