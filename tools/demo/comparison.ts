import { cloneJson, equalJson } from '../../src/api/json.ts';
import { groupOf, type Unstructured } from '../../src/api/unstructured.ts';

/** What a comparison of objects before and after a restore found. */
export interface Comparison {
  /** Objects that are equal but for what `changes` names. */
  readonly equal: number;
  /** Each with the object and the path: empty if the restore was exact. */
  readonly differences: readonly string[];
  /** What had to change, by reason, with the number of objects that it concerned. */
  readonly changes: ReadonlyMap<string, number>;
}

/** A change that a restore has to make, or that the cluster makes by itself. */
interface Expected {
  readonly reason: string;
  /** `Kind.group`, or `*`. */
  readonly kinds: readonly string[];
  /** Takes what may differ out of a copy. */
  readonly without: (object: Unstructured) => void;
}

type Fields = Record<string, unknown>;

const identity = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'];
const marks = ['velero.io/backup-name', 'velero.io/restore-name', 'velero.io/restore-uid'];

const expected: readonly Expected[] = [
  {
    reason: 'identity and times of the object (uid, resourceVersion, generation, creationTimestamp, managedFields)',
    kinds: ['*'],
    without: ({ metadata }) => identity.forEach((field) => delete metadata[field]),
  },
  {
    reason: 'labels that name the backup and the restore',
    kinds: ['*'],
    without({ metadata }) {
      for (const label of marks) delete metadata.labels?.[label];
      if (metadata.labels && Object.keys(metadata.labels).length === 0) delete metadata.labels;
    },
  },
  {
    reason: 'generateName, which served once to make the name',
    kinds: ['*'],
    without: ({ metadata }) => delete metadata['generateName'],
  },
  { reason: 'status, which controllers write', kinds: ['*'], without: (object) => delete object['status'] },
  { reason: 'owners, whose uids are new', kinds: ['*'], without: ({ metadata }) => delete metadata.ownerReferences },
  {
    reason: 'cluster IPs, and node ports that nobody chose by hand',
    kinds: ['Service'],
    without(object) {
      const spec = object['spec'] as Fields & { ports?: Fields[] };
      if (spec['clusterIP'] !== 'None') for (const field of ['clusterIP', 'clusterIPs']) delete spec[field];
      delete spec['healthCheckNodePort'];
      for (const port of spec.ports ?? []) if (Number(port['nodePort']) !== chosenNodePort) delete port['nodePort'];
    },
  },
  {
    reason: "the volume of a pod's service account token, whose name is random",
    kinds: ['Pod'],
    without(object) {
      const spec = object['spec'] as Fields & { volumes?: Fields[] };
      const isToken = ({ name }: Fields): boolean => String(name).startsWith('kube-api-access-');
      spec.volumes = spec.volumes?.filter((volume) => !isToken(volume)) ?? [];
      for (const list of ['containers', 'initContainers']) {
        for (const container of (spec[list] ?? []) as (Fields & { volumeMounts?: Fields[] })[]) {
          container.volumeMounts = container.volumeMounts?.filter((mount) => !isToken(mount)) ?? [];
        }
      }
    },
  },
  {
    reason: 'the path of a volume made anew from its snapshot, and the uid of the claim that it is bound to',
    kinds: ['PersistentVolume'],
    without(object) {
      const { hostPath, claimRef } = object['spec'] as { hostPath?: Fields; claimRef?: Fields };
      delete hostPath?.['path'];
      for (const field of ['uid', 'resourceVersion']) delete claimRef?.[field];
    },
  },
];

/** The one node port that the shop's manifests choose. */
const chosenNodePort = 30080;

/** Kinds whose objects controllers make with random names, each time anew. */
const madeByControllers = ['Event', 'Event.events.k8s.io', 'EndpointSlice.discovery.k8s.io', 'Endpoints'];

/** Compares every object field by field, but for what a restore or the cluster must change. */
export function compareObjects(before: readonly Unstructured[], after: readonly Unstructured[]): Comparison {
  const restored = new Map(after.map((object) => [nameOf(object), object]));
  const differences: string[] = [];
  const changes = new Map<string, number>();
  let equal = 0;
  for (const original of before.filter(isCompared)) {
    const name = nameOf(original);
    const found = restored.get(name);
    if (found === undefined) {
      differences.push(`${name}: was not restored`);
      continue;
    }
    const [left, right] = [cloneJson(original), cloneJson(found)];
    for (const reason of removeExpected(left, right)) changes.set(reason, (changes.get(reason) ?? 0) + 1);
    const paths = [...differentPaths(left, right)];
    if (paths.length === 0) equal++;
    else differences.push(...paths.map((path) => `${name}: ${path}`));
  }
  return { equal, differences, changes };
}

/** Whether an object takes part; those that controllers make anew do not. */
export function isCompared(object: Unstructured): boolean {
  return !madeByControllers.includes(kindOf(object));
}

/** Takes what may differ out of both, and tells what did. */
function removeExpected(left: Unstructured, right: Unstructured): string[] {
  return expected
    .filter(({ kinds }) => kinds.includes('*') || kinds.includes(kindOf(left)))
    .flatMap(({ reason, without }) => {
      const differed = !equalJson(left, right);
      const [before, after] = [cloneJson(left), cloneJson(right)];
      without(left);
      without(right);
      const removed = !equalJson(before, left) || !equalJson(after, right);
      return differed && removed && removedDiffers(before, left, after, right) ? [reason] : [];
    });
}

/** Whether what was taken out of one differs from what was taken out of the other. */
function removedDiffers(before: unknown, left: unknown, after: unknown, right: unknown): boolean {
  return [...differentPaths(before, after)].length > [...differentPaths(left, right)].length;
}

/** Paths at which two JSON values differ, the deepest that name the difference. */
function* differentPaths(left: unknown, right: unknown, path = ''): Iterable<string> {
  if (equalJson(left, right)) return;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) {
    yield path === '' ? '(all)' : path;
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    yield* differentPaths(left[key], right[key], path === '' ? key : `${path}.${key}`);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !('rawJSON' in value && Object.isFrozen(value));
}

function kindOf({ apiVersion, kind }: Unstructured): string {
  const group = groupOf(apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

function nameOf(object: Unstructured): string {
  const { name, namespace } = object.metadata;
  return [kindOf(object), namespace, name].filter(Boolean).join('/');
}
