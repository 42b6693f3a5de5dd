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

const job: Unstructured = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'dump', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u', app: 'dump' } },
    template: { metadata: { labels: { 'controller-uid': 'u', 'job-name': 'dump' } }, spec: { containers: [] } },
  },
};

const definition: Unstructured = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object' } } }] },
};

const volume: Unstructured = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv-1' },
  spec: { storageClassName: 'fast', capacity: { storage: '1Gi' } },
};

const deployment: Unstructured = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.old/web:1' }] } } },
};

const tokenSecret: Unstructured = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'robot', namespace: 'shop', annotations: { 'kubernetes.io/service-account.uid': 'u', other: 'x' } },
  type: 'kubernetes.io/service-account-token',
  data: { token: 'dA==', 'ca.crt': 'Yw==', namespace: 'c2hvcA==' },
};

const binding: Unstructured = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'web-reader' },
  roleRef: { kind: 'ClusterRole', name: 'reader' },
  subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
};

const webhooks: Unstructured = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'check' },
  webhooks: [{ name: 'a.example.com', sideEffects: 'Some' }, { name: 'b.example.com' }],
};

const apiService: Unstructured = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.apps', labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
  spec: { group: 'apps', version: 'v1' },
};

/** A cluster that has the binding, and configuration for the actions that have some. */
const kubernetes: KubernetesReader = {
  serves: async () => true,
  get: async ({ groupResource, name }) => ({ apiVersion: 'v1', kind: groupResource, metadata: { name } }),
  async list(groupResource, { labelSelector = '' } = {}) {
    if (groupResource === 'clusterrolebindings.rbac.authorization.k8s.io') return [binding];
    const action = Object.keys(configurations).find((name) => labelSelector.includes(name));
    if (groupResource !== 'configmaps' || action === undefined) return [];
    return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: configurations[action] }];
  },
};

const configurations: Readonly<Record<string, object>> = {
  'velero.io/change-storage-class': { fast: 'faster' },
  'velero.io/change-image-name': { registry: 'registry.old,registry.new' },
};

const samples: Readonly<Record<string, readonly Unstructured[]>> = {
  pods: [pod],
  persistentvolumeclaims: [claim, { ...claim, status: { phase: 'Pending' } }],
  serviceaccounts: [serviceAccount],
  services: [balanced, managed],
  jobs: [job],
  'customresourcedefinitions.apiextensions.k8s.io': [definition],
  'customresourcedefinition.apiextensions.k8s.io': [
    { ...definition, spec: { ...(definition['spec'] as object), preserveUnknownFields: true } },
  ],
  persistentvolumes: [volume],
  deployments: [deployment],
  secrets: [tokenSecret],
  rolebindings: [{ ...binding, kind: 'RoleBinding' }],
  clusterrolebindings: [binding],
  validatingwebhookconfigurations: [webhooks],
  apiservices: [apiService],
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
