import type { Unstructured } from '../../src/api/unstructured.ts';
import { Random } from './random.ts';

/** Namespaces over which the items are spread. */
const namespaceCount = 20;

/** The node of all pods: the controller manager removes pods of nodes that are not there. */
export const nodeName = 'bench-node';

/** The names of the namespaces, in any number of sets: `bench-00` to `bench-19`. */
export function namespaceNames(prefix: string): string[] {
  return Array.from({ length: namespaceCount }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
}

export interface MixtureOptions {
  /** Objects in the end, with those that controllers make of them. */
  readonly items: number;
  readonly seed: number;
}

/** Where an object is to stand, and what its content is drawn from. */
interface Draw {
  readonly name: string;
  readonly namespace: string;
  readonly random: Random;
}

interface Kind {
  /** Out of a hundred draws. */
  readonly share: number;
  /** Group-resources of which a controller makes one object per object. */
  readonly followers?: readonly string[];
  readonly make: (draw: Draw) => Unstructured;
}

const kinds: Readonly<Record<string, Kind>> = {
  pod: { share: 24, make: pod },
  configmap: { share: 20, make: configMap },
  secret: { share: 20, make: secret },
  account: { share: 10, make: serviceAccount },
  deployment: { share: 10, followers: ['replicasets.apps'], make: deployment },
  role: { share: 4, make: role },
  binding: { share: 4, make: roleBinding },
  policy: { share: 4, make: networkPolicy },
  job: { share: 2, make: cronJob },
  // Few: a cluster has 65,536 service addresses at most.
  service: { share: 2, followers: ['endpoints', 'endpointslices.discovery.k8s.io'], make: service },
};

/** An object to create, and what controllers will make of it. */
export interface MixtureItem {
  readonly object: Unstructured;
  readonly followers: readonly string[];
}

/**
 * Objects as clusters hold them, spread over the `bench` namespaces, in the proportions of `kinds`: some 2.7 kB of JSON each
 * once a server has completed them. The same options give the same objects.
 */
export function* mixture({ items, seed }: MixtureOptions): Generator<MixtureItem, void, undefined> {
  const random = new Random(seed);
  const namespaces = namespaceNames('bench');
  const deck = Object.entries(kinds).flatMap(([prefix, kind]) =>
    Array<[string, Kind]>(kind.share).fill([prefix, kind]),
  );
  for (let made = 0, index = 0; made < items; index++) {
    const [prefix, { make, followers = [] }] = random.pick(deck);
    yield { object: make({ name: `${prefix}-${index}`, namespace: random.pick(namespaces), random }), followers };
    made += 1 + followers.length;
  }
}

/** So many pods alone, over the same namespaces. */
export function pods({ items, seed }: MixtureOptions): Unstructured[] {
  const random = new Random(seed);
  const namespaces = namespaceNames('bench');
  return Array.from({ length: items }, (_, index) =>
    pod({ name: `pod-${index}`, namespace: random.pick(namespaces), random }),
  );
}

function metadata({ name, namespace, random }: Draw): Unstructured['metadata'] {
  return {
    name,
    namespace,
    labels: {
      app: name,
      'app.kubernetes.io/name': random.word(),
      'app.kubernetes.io/instance': `${random.word()}-${random.word()}`,
      'app.kubernetes.io/managed-by': 'Helm',
      'helm.sh/chart': `${random.word()}-${random.below(9)}.${random.below(30)}.${random.below(10)}`,
      team: random.word(),
    },
    annotations: {
      'meta.helm.sh/release-name': random.word(),
      'meta.helm.sh/release-namespace': namespace,
      [`checksum/${random.word()}`]: random.hex(64),
      description: random.sentence(8),
    },
  };
}

function configMap(draw: Draw): Unstructured {
  const settings = (count: number): string =>
    Array.from({ length: count }, () => `${draw.random.word()}.${draw.random.word()}=${draw.random.sentence(3)}`).join(
      '\n',
    );
  const data = { 'application.properties': settings(12), 'logging.properties': settings(6) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(draw), data };
}

function secret(draw: Draw): Unstructured {
  const data = Object.fromEntries(
    ['password', 'tls.key', 'tls.crt'].map((key, i) => [key, draw.random.base64(60 + 350 * i)]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadata(draw), type: 'Opaque', data };
}

function serviceAccount(draw: Draw): Unstructured {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(draw) };
}

function podSpec({ random }: Draw): object {
  const container = (name: string): object => ({
    name,
    image: `registry.example/${random.word()}/${name}@sha256:${random.hex(64)}`,
    args: [`--config=/etc/${name}/config.yaml`, `--zone=${random.word()}`],
    env: Array.from({ length: 4 }, () => ({
      name: `${random.word()}_${random.word()}`.toUpperCase(),
      value: random.sentence(2),
    })),
    ports: [{ containerPort: 8_000 + random.below(1_000) }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 8_080 }, periodSeconds: 5 },
  });
  return { containers: [container('main')] };
}

function pod(draw: Draw): Unstructured {
  // It stands the taint of a node that never reports, so that nobody evicts it.
  const spec = { ...podSpec(draw), nodeName, tolerations: [{ operator: 'Exists' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: metadata(draw), spec };
}

function deployment(draw: Draw): Unstructured {
  const labels = { app: draw.name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(draw),
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(draw) } },
  };
}

function role(draw: Draw): Unstructured {
  const rules = Array.from({ length: 6 }, () => ({
    apiGroups: ['', `${draw.random.word()}.example`],
    resources: [draw.random.word(), draw.random.word()],
    verbs: ['get', 'list', 'watch', 'update', 'patch'],
  }));
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: metadata(draw), rules };
}

function roleBinding(draw: Draw): Unstructured {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadata(draw),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: draw.namespace }],
  };
}

function networkPolicy(draw: Draw): Unstructured {
  const from = Array.from({ length: 4 }, () => ({ podSelector: { matchLabels: { app: draw.random.word() } } }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(draw),
    spec: { podSelector: { matchLabels: { app: draw.random.word() } }, ingress: [{ from }] },
  };
}

function cronJob(draw: Draw): Unstructured {
  const template = { spec: { ...podSpec(draw), restartPolicy: 'Never' } };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata(draw),
    spec: { schedule: `${draw.random.below(60)} 3 * * *`, suspend: true, jobTemplate: { spec: { template } } },
  };
}

function service(draw: Draw): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(draw),
    spec: { selector: { service: draw.name }, ports: [{ port: 80, targetPort: 8_080 }] },
  };
}
