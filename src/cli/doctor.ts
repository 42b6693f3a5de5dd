import { errorText } from '../api/errors.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { BowlineClient, Config, StandingSchedule } from '../client/index.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';

/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** Whatever is `failed` keeps runs from working; a `warning` does so some day. */
  readonly outcome: 'passed' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** How far clocks may be apart that signed requests and leases compare. */
const clockToleranceMs = 30_000;

/** A week of runs to look back at is what people expect. */
const shortRetentionHours = 24;

/** Temporal, the schedules that `bowline setup` makes, the workers on the task queue and, if there are any, what they find of the storage locations. */
export async function examineRuns(
  client: Pick<BowlineClient, 'examineTemporal' | 'standingSchedules' | 'backupLocations'>,
  { temporal: { address, namespace, taskQueue } }: Config,
): Promise<Finding[]> {
  const examined = await attempt(() => client.examineTemporal());
  if (examined.failed) {
    const mend = 'start it, or name it in temporal.address (TEMPORAL_ADDRESS) and temporal.namespace';
    return [{ check: 'Temporal', outcome: 'failed', found: errorText(examined.error), mend }];
  }
  const { serverVersion, retentionHours, workers, missingSearchAttributes } = examined.value;
  const findings: Finding[] = [
    {
      check: 'Temporal',
      found: `${serverVersion} at ${address}, namespace ${namespace}, remembers runs for ${retentionHours} h`,
      ...(retentionHours < shortRetentionHours
        ? { outcome: 'warning', mend: `temporal operator namespace update --namespace ${namespace} --retention 7d` }
        : { outcome: 'passed' }),
    },
    searchAttributes(missingSearchAttributes, namespace),
    ...(await examineSchedules(client, namespace)),
  ];
  if (workers.length === 0) {
    const found = `none asks task queue ${taskQueue} for work`;
    const skipped = 'no worker looks at them';
    return [
      ...findings,
      { check: 'workers', outcome: 'failed', found, mend: 'start one: bowline worker' },
      { check: 'storage locations', outcome: 'skipped', found: skipped },
    ];
  }
  const found = `${workers.length} on task queue ${taskQueue}: ${workers.join(', ')}`;
  return [...findings, { check: 'workers', outcome: 'passed', found }, ...(await examineLocations(client))];
}

function searchAttributes(
  missing: readonly { readonly name: string; readonly type: string }[],
  namespace: string,
): Finding {
  const check = 'search attributes';
  if (missing.length === 0) return { check, outcome: 'passed', found: 'all are registered' };
  const found = `not registered: ${missing.map(({ name }) => name).join(', ')}; a worker does it at its start, if it may`;
  const flags = missing.map(({ name, type }) => `--name ${name} --type ${type}`).join(' ');
  const mend = `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
  return { check, outcome: 'warning', found, mend };
}

async function examineSchedules(
  client: Pick<BowlineClient, 'standingSchedules'>,
  namespace: string,
): Promise<Finding[]> {
  const found = await attempt(() => client.standingSchedules());
  if (!found.failed) return found.value.map((schedule) => standingSchedule(schedule, namespace));
  return [{ check: 'standing schedules', outcome: 'skipped', found: errorText(found.error) }];
}

function standingSchedule({ id, summary, state, note }: StandingSchedule, namespace: string): Finding {
  const check = `schedule ${id}`;
  switch (state) {
    case 'active':
      return { check, outcome: 'passed', found: summary };
    case 'paused': {
      const said = note === undefined ? '' : ` (${note})`;
      const mend = `temporal schedule toggle --namespace ${namespace} --schedule-id ${id} --unpause`;
      return { check, outcome: 'warning', found: `paused${said}: nothing ${summary}`, mend };
    }
    case 'missing':
      return { check, outcome: 'warning', found: `missing: nothing ${summary}`, mend: 'bowline setup' };
  }
}

async function examineLocations({ backupLocations }: Pick<BowlineClient, 'backupLocations'>): Promise<Finding[]> {
  const validated = await attempt(() => backupLocations.validate());
  if (validated.failed) {
    const mend = 'look at what the workers print';
    return [{ check: 'storage locations', outcome: 'failed', found: errorText(validated.error), mend }];
  }
  const now = Date.now();
  const findings = validated.value.map(({ name, status }): Finding => {
    const check = `storage location ${name}`;
    if (status?.phase === 'Available') return { check, outcome: 'passed', found: 'Available' };
    if (status === undefined) {
      const mend = 'give workers and this program the same bowline.yaml';
      return { check, outcome: 'failed', found: 'no worker knows it', mend };
    }
    const mend = `docs/locations.md has what its provider needs; then: bowline backup-location validate ${name}`;
    return { check, outcome: 'failed', found: status.message ?? status.phase, mend };
  });
  const times = validated.value.flatMap(({ status }) => (status ? [Date.parse(status.lastValidationTime)] : []));
  return [...findings, ...(times.length > 0 ? [clock(Math.max(...times) - now)] : [])];
}

/** The validation has ended just now: its time, by the worker's clock, is a little earlier. */
function clock(aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const check = 'clock';
  if (Math.abs(aheadMs) <= clockToleranceMs)
    return { check, outcome: 'passed', found: "the worker's agrees with this one" };
  const found = `the worker's is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one`;
  return { check, outcome: 'warning', found, mend: 'set both by NTP: signed requests and leases rely on them' };
}

/** What the configuration itself lacks. */
export function examineConfiguration({ backupStorageLocations, volumeSnapshotLocations }: Config): Finding[] {
  const defaults = backupStorageLocations.filter(({ default: isDefault }) => isDefault);
  const counted = `${backupStorageLocations.length} storage and ${volumeSnapshotLocations.length} volume snapshot locations`;
  const check = 'configuration';
  if (backupStorageLocations.length === 0) {
    const mend = 'add one to backupStorageLocations: docs/configuration.md';
    return [{ check, outcome: 'failed', found: 'it names no storage location', mend }];
  }
  if (defaults.length === 0) {
    const mend = 'set default: true on one of them, or name one in each backup';
    return [{ check, outcome: 'warning', found: `${counted}, and no default one`, mend }];
  }
  return [{ check, outcome: 'passed', found: `${counted}; the default is ${defaults[0]!.name}` }];
}

/** What backups and restores do with the cluster, as RBAC has it: a verb on everything, or on one subresource. */
const rights: readonly {
  readonly purpose: string;
  readonly role: string;
  readonly asked: readonly { readonly verb: string; readonly resource: string; readonly subresource?: string }[];
}[] = [
  {
    purpose: 'back up',
    role: 'bowline-backup',
    asked: [
      { verb: 'get', resource: '*' },
      { verb: 'list', resource: '*' },
      { verb: 'create', resource: 'pods', subresource: 'exec' },
    ],
  },
  {
    purpose: 'restore',
    role: 'bowline-restore',
    asked: [
      { verb: 'create', resource: '*' },
      { verb: 'patch', resource: '*' },
    ],
  },
];

/** The cluster, and verb by verb what this program's own account may do there. */
export async function examineCluster(connect: () => Promise<KubernetesClient>): Promise<Finding[]> {
  let kubernetes: KubernetesClient | undefined;
  try {
    kubernetes = await connect();
    const { gitVersion } = await kubernetes.version();
    return [
      { check: 'cluster', outcome: 'passed', found: `Kubernetes ${gitVersion}` },
      ...(await examineRights(kubernetes)),
    ];
  } catch (error) {
    const mend = 'look at kubernetes.kubeconfig and kubernetes.context (KUBECONFIG)';
    return [{ check: 'cluster', outcome: 'failed', found: errorText(error), mend }];
  } finally {
    await kubernetes?.close();
  }
}

async function examineRights(kubernetes: KubernetesClient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { purpose, role, asked } of rights) {
    const check = `right to ${purpose}`;
    const answers = await attempt(() =>
      Promise.all(asked.map(async (one) => ({ ...one, may: await may(kubernetes, one) }))),
    );
    if (answers.failed) {
      findings.push({ check, outcome: 'skipped', found: errorText(answers.error) });
      continue;
    }
    const refused = answers.value.filter((one) => !one.may).map(nameOf);
    findings.push(
      refused.length === 0
        ? { check, outcome: 'passed', found: asked.map(nameOf).join(', ') }
        : {
            check,
            outcome: 'warning',
            found: `this account may not: ${refused.join(', ')}`,
            mend: `bind ${role} of deploy/ to it, if it is the workers' own: docs/security.md`,
          },
    );
  }
  return findings;
}

function nameOf({ verb, resource, subresource }: (typeof rights)[number]['asked'][number]): string {
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

async function may(
  kubernetes: KubernetesClient,
  { verb, resource, subresource = '' }: (typeof rights)[number]['asked'][number],
): Promise<boolean> {
  const reviews = (await kubernetes.discover()).find('selfsubjectaccessreviews.authorization.k8s.io');
  if (reviews === undefined) throw new Error('the API server answers no questions about rights');
  const group = resource === '*' ? '*' : '';
  const review = await kubernetes.create(reviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: { resourceAttributes: { verb, group, resource, subresource } },
  } as unknown as Unstructured);
  return (review['status'] as { allowed?: boolean } | undefined)?.allowed === true;
}

async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly failed: false; readonly value: T } | { readonly failed: true; readonly error: unknown }> {
  try {
    return { failed: false, value: await work() };
  } catch (error) {
    return { failed: true, error };
  }
}
