import type { ItemInTarball } from '../support/backup-in-store.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';

/** Names, all unique in a shared cluster. */
export const names = {
  namespace: 'item-actions',
  copy: 'item-actions-copy',
  /** Of a backup that was made by another Velero, of an older cluster. */
  old: 'item-actions-old',
  /** Where the configuration of actions lies. */
  server: 'item-actions-velero',
  node: 'item-actions-node',
  volume: 'item-actions-data',
  priorityClass: 'item-actions-high',
  storageClass: 'item-actions-new',
  /** Bound to the service account, and selected by the label. */
  reader: 'item-actions-reader',
  /** Bound to the service account, without the label. */
  viewer: 'item-actions-viewer',
  definition: 'gadgets.item-actions.example.com',
  oldDefinition: 'widgets.item-actions.example.com',
  oldWebhook: 'item-actions-check',
  oldApiService: 'v1.automanaged.item-actions.example.com',
} as const;

/** What backup and restore select. What lacks it comes along because an action asks for it, or not at all. */
export const selected = { 'part-of': 'item-actions' };

/** The node port that somebody chose for a service. */
export const chosenPort = 31_772;

const rbac = 'rbac.authorization.k8s.io';
const subjects = [{ kind: 'ServiceAccount', name: 'web', namespace: names.namespace }];
const container = { name: 'web', image: 'registry.old.example.com/web:1' };
const quantity = { storage: '1Gi' };

function here(name: string, others: object = {}): Unstructured['metadata'] {
  return { name, namespace: names.namespace, labels: selected, ...others };
}

function tokenSecret(name: string): Unstructured {
  const annotations = { 'kubernetes.io/service-account.name': 'default' };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: here(name, { annotations }),
    type: 'kubernetes.io/service-account-token',
  };
}

function service(
  name: string,
  spec: { nodePort?: number; clusterIP?: string },
  annotations: object = {},
): Unstructured {
  const { nodePort, ...address } = spec;
  const port = { name: 'http', port: 80, ...(nodePort !== undefined && { nodePort }) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: here(name, { annotations }),
    spec: { type: 'NodePort', ports: [port], selector: { app: name }, ...address },
  };
}

/** Takes the address and the port of a service of the application that is gone: a restore that kept them would fail. */
export function addressTaker(address: { readonly clusterIP: string; readonly nodePort: number }): Unstructured {
  return { ...service('taker', address), metadata: { name: 'taker', namespace: names.namespace } };
}

/** What stays when the application is destroyed: where it goes to, and the configuration of actions. */
export const surroundings: readonly Unstructured[] = [
  { apiVersion: 'v1', kind: 'Node', metadata: { name: names.node } },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: names.storageClass },
    provisioner: 'example.com/none',
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: names.definition, labels: selected },
    spec: {
      group: 'item-actions.example.com',
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  },
  ...[names.copy, names.server].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  configuration('change-storage-class', { 'item-actions-gone': names.storageClass }),
  configuration('change-image-name', { rule: 'registry.old.example.com,registry.new.example.com' }),
  configuration('change-pvc-node-selector', { 'node-of-the-old-cluster': names.node }),
  configuration('pod-volume-restore', { image: 'registry.example.com/restore-helper:1' }),
  configuration('restic', { image: 'registry.example.com/restic-helper:1' }),
];

function configuration(action: string, data: Record<string, string>): Unstructured {
  const labels = { 'velero.io/plugin-config': '', [`velero.io/${action}`]: 'RestoreItemAction' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: action, namespace: names.server, labels }, data };
}

/** An application that has something for every action, as far as a cluster of today takes it. */
export const application: readonly Unstructured[] = [
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: names.priorityClass },
    value: 1_000,
  },
  ...[
    { name: names.reader, labels: selected },
    { name: names.viewer, labels: {} },
  ].flatMap((metadata) => [
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules: [] },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name },
      subjects,
    },
  ]),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.namespace } },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: names.volume },
    spec: {
      capacity: quantity,
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'manual',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data', namespace: names.namespace },
      hostPath: { path: '/nowhere' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'data',
      namespace: names.namespace,
      labels: { 'velero.io/restore-name': 'an-earlier-one' },
      annotations: { 'velero.io/volume-snapshot-name': 'an-earlier-one' },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'manual',
      volumeName: names.volume,
      resources: { requests: quantity },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: here('scratch', {
      annotations: { 'volume.kubernetes.io/selected-node': 'node-of-the-old-cluster' },
    }),
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'item-actions-gone',
      resources: { requests: quantity },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: here('web'),
    secrets: [{ name: 'web-token-abcde' }, { name: 'registry' }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: here('web-reader'),
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
    subjects,
  },
  tokenSecret('default-token-abcde'),
  tokenSecret('robot'),
  service('assigned', {}),
  service(
    'chosen',
    { nodePort: chosenPort },
    {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        spec: { ports: [{ name: 'http', nodePort: chosenPort }] },
      }),
    },
  ),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: here('web'),
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: here('dump'),
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: here('web', {
      annotations: {
        'init.hook.restore.velero.io/container-image': 'registry.example.com/prepare:1',
        'init.hook.restore.velero.io/container-name': 'prepare',
        'init.hook.restore.velero.io/command': '["prepare", "--all"]',
      },
    }),
    spec: {
      serviceAccountName: 'web',
      priorityClassName: names.priorityClass,
      nodeName: names.node,
      // Nobody would end it, and nothing may evict it.
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ ...container, volumeMounts: [{ name: 'web-token-abcde', mountPath: '/token' }] }],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'cache', emptyDir: {} },
        { name: 'web-token-abcde', secret: { secretName: 'web-token-abcde' } },
      ],
    },
  },
];

/** A backup of a volume of the pod `web`, as the file beside a tarball lists it. */
export function podVolumeBackup(backup: string, namespace: string, uploaderType?: string): object {
  return {
    metadata: { name: `${backup}-cache`, namespace: names.server, labels: { 'velero.io/backup-name': backup } },
    spec: {
      pod: { kind: 'Pod', name: 'web', namespace },
      volume: 'cache',
      ...(uploaderType !== undefined && { uploaderType }),
    },
    status: { phase: 'Completed', snapshotID: 'c0ffee' },
  };
}

/** What a cluster of today would not take, or takes care of by itself: only an older one can have backed it up. */
export const oldItems: readonly ItemInTarball[] = [
  {
    groupResource: 'customresourcedefinitions.apiextensions.k8s.io',
    item: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: names.oldDefinition },
      spec: {
        group: 'item-actions.example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        preserveUnknownFields: true,
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    },
  },
  {
    groupResource: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
    item: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: names.oldWebhook },
      webhooks: [
        {
          name: 'check.item-actions.example.com',
          sideEffects: 'Some',
          failurePolicy: 'Ignore',
          admissionReviewVersions: ['v1'],
          clientConfig: { url: 'https://127.0.0.1:1/check' },
          rules: [
            { apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] },
          ],
        },
      ],
    },
  },
  {
    groupResource: 'apiservices.apiregistration.k8s.io',
    item: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: names.oldApiService, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
      spec: {
        group: 'automanaged.item-actions.example.com',
        version: 'v1',
        groupPriorityMinimum: 1_000,
        versionPriority: 15,
      },
    },
  },
  {
    groupResource: 'namespaces',
    item: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.old } },
  },
  {
    groupResource: 'pods',
    item: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: names.old },
      spec: { containers: [container], volumes: [{ name: 'cache', emptyDir: {} }] },
    },
  },
];
