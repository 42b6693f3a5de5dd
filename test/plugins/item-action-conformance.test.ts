import assert from 'node:assert/strict';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesReader } from '../../src/kubernetes/reader.ts';
import { backupItemActions } from '../../src/plugins/backup-item-actions/index.ts';
import { itemActionChecks } from '../../src/plugins/conformance/item-action.ts';
import type { BackupItemAction, RestoreItemAction } from '../../src/plugins/item-action.ts';
import { restoreItemActions } from '../../src/plugins/restore-item-actions/index.ts';
import { itConforms } from '../support/it-conforms.ts';

const pod: Unstructured = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'web-token-x7k2p', secret: { secretName: 'web-token-x7k2p' } },
      { name: 'cache', emptyDir: {} },
    ],
    initContainers: [{ name: 'init', volumeMounts: [{ name: 'web-token-x7k2p', mountPath: '/token' }] }],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'web-token-x7k2p', mountPath: '/token' },
        ],
      },
    ],
    serviceAccountName: 'web',
    nodeName: 'node-1',
    priorityClassName: 'high',
    priority: 1_000,
  },
  status: { phase: 'Running' },
};

const claim: Unstructured = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data',
    namespace: 'shop',
    labels: { app: 'web', 'velero.io/backup-name': 'another', 'velero.io/restore-name': 'earlier' },
  },
  spec: {
    accessModes: ['ReadWriteOnce'],
    selector: { matchLabels: { disk: 'fast', 'velero.io/dynamic-pv-restore': 'shop.data.x' } },
    dataSource: { kind: 'VolumeSnapshot', name: 'earlier' },
    storageClassName: '',
    volumeName: 'pv-1',
  },
  status: { phase: 'Bound' },
};

const serviceAccount: Unstructured = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'web', namespace: 'shop' },
  secrets: [{ name: 'web-token-x7k2p' }, { name: 'registry' }],
  imagePullSecrets: [{ name: 'registry' }],
};

const balanced: Unstructured = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'web',
    namespace: 'shop',
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"ports":[{"name":"http","nodePort":30080}]}}',
    },
  },
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.0.0.7',
    clusterIPs: ['10.0.0.7'],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 31_234,
    ports: [
      { name: 'http', port: 80, nodePort: 30_080 },
      { name: 'https', port: 443, nodePort: 30_443 },
    ],
  },
};

const managed: Unstructured = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'db',
    namespace: 'shop',
    managedFields: [
      { fieldsV1: { 'f:spec': { 'f:ports': { 'k:{"port":1,"protocol":"TCP"}': { 'f:nodePort': {} } } } } },
    ],
  },
  spec: {
    type: 'NodePort',
    clusterIP: 'None',
    ports: [
      { port: 1, protocol: 'TCP', nodePort: 30_001 },
      { port: 2, protocol: 'TCP', nodePort: 30_002 },
    ],
  },
};

/** A cluster whose one binding names the account. */
const kubernetes: KubernetesReader = {
  serves: async () => true,
  get: async () => assert.fail('nothing reads single objects'),
  list: async () => [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'web-reader' },
      roleRef: { kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    },
  ],
};

const samples: Readonly<Record<string, readonly Unstructured[]>> = {
  pods: [pod],
  persistentvolumeclaims: [claim, { ...claim, status: { phase: 'Pending' } }],
  serviceaccounts: [serviceAccount],
  services: [balanced, managed],
};

function samplesOf({ name, appliesTo }: BackupItemAction | RestoreItemAction): readonly Unstructured[] {
  const items = (appliesTo.includedResources ?? Object.keys(samples)).flatMap((resource) => samples[resource] ?? []);
  assert.notEqual(items.length, 0, `${name}: no sample to run it on`);
  return items;
}

for (const [kind, actions] of [
  ['backup', backupItemActions],
  ['restore', restoreItemActions],
] as const) {
  for (const action of actions)
    describe(`${kind} item action: ${action.name} as an item action`, () => {
      itConforms(itemActionChecks, async () => ({ action, items: samplesOf(action), kubernetes }));
    });
}
