import { groupOf } from '../api/unstructured.ts';

/** How a strategic merge patch changes the fields of an object; a field without a rule is merged if it is an object, else replaced. */
export interface MergeRules {
  readonly [field: string]: MergeRule;
}

/** How it changes one field. */
export interface MergeRule {
  /** For a list of objects: those with the same value of this member are one element. Without it the list is replaced. */
  readonly mergeKey?: string;
  /** For a list of texts or numbers: what the patch has is added. */
  readonly isSet?: true;
  /** For an object: it is replaced, not merged. */
  readonly isReplaced?: true;
  /** Of the object, or of each element of the list. */
  readonly fields?: MergeRules;
}

const metadata: MergeRule = { fields: { finalizers: { isSet: true }, ownerReferences: { mergeKey: 'uid' } } };

const containers: MergeRule = {
  mergeKey: 'name',
  fields: {
    ports: { mergeKey: 'containerPort' },
    env: { mergeKey: 'name' },
    volumeMounts: { mergeKey: 'mountPath' },
    volumeDevices: { mergeKey: 'devicePath' },
  },
};

const podSpec: MergeRule = {
  fields: {
    containers,
    initContainers: containers,
    ephemeralContainers: containers,
    volumes: { mergeKey: 'name' },
    imagePullSecrets: { mergeKey: 'name' },
    hostAliases: { mergeKey: 'ip' },
    topologySpreadConstraints: { mergeKey: 'topologyKey' },
    schedulingGates: { mergeKey: 'name' },
    resourceClaims: { mergeKey: 'name' },
  },
};

const template: MergeRule = { fields: { metadata, spec: podSpec } };
const withTemplate: MergeRules = { spec: { fields: { template } } };
const webhooks: MergeRules = {
  webhooks: { mergeKey: 'name', fields: { matchConditions: { mergeKey: 'name' } } },
};
const admissionPolicy: MergeRules = {
  spec: { fields: { matchConditions: { mergeKey: 'name' }, variables: { mergeKey: 'name' } } },
};

/** By group and kind; those of `status` are left out, since a restore creates objects without it. */
const rulesByKind: Readonly<Record<string, MergeRules>> = {
  Pod: { spec: podSpec },
  PodTemplate: { template },
  ReplicationController: withTemplate,
  Service: { spec: { fields: { ports: { mergeKey: 'port' } } } },
  ServiceAccount: { secrets: { mergeKey: 'name' } },
  'apps Deployment': withTemplate,
  'apps DaemonSet': withTemplate,
  'apps ReplicaSet': withTemplate,
  'apps StatefulSet': withTemplate,
  'batch Job': withTemplate,
  'batch CronJob': { spec: { fields: { jobTemplate: { fields: { metadata, spec: { fields: { template } } } } } } },
  'policy PodDisruptionBudget': { spec: { fields: { selector: { isReplaced: true } } } },
  'admissionregistration.k8s.io MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io MutatingAdmissionPolicy': admissionPolicy,
  'admissionregistration.k8s.io ValidatingAdmissionPolicy': admissionPolicy,
};

/** Groups whose kinds Kubernetes itself defines, and Velero's and the snapshotter's, which Velero knows as well. */
const knownGroups: readonly string[] = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'extensions',
  'policy',
  'velero.io',
  ...[
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'snapshot.storage',
    'storage',
  ].map((name) => `${name}.k8s.io`),
];

/**
 * The rules for a kind; `undefined` for one that is defined in the cluster, which has none. Source: the tags `patchStrategy` and
 * `patchMergeKey` of Kubernetes 1.36 `staging/src/k8s.io/api`.
 */
export function mergeRulesOf({ apiVersion, kind }: { apiVersion: string; kind: string }): MergeRules | undefined {
  const group = groupOf(apiVersion);
  if (!knownGroups.includes(group)) return undefined;
  return { metadata, ...rulesByKind[[group, kind].filter(Boolean).join(' ')] };
}
