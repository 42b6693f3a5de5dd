import assert from 'node:assert/strict';
import {
  BowlineError,
  type BackupLocationEntry,
  type StandingSchedule,
  type TemporalExamination,
} from '../../src/client/index.ts';
import { parseConfig } from '../../src/config.ts';
import { examineCluster, examineConfiguration, examineRuns, type Finding } from '../../src/cli/doctor.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';

const location = { name: 'default', provider: 'aws', objectStorage: { bucket: 'b' } };
const config = (locations: readonly object[]) =>
  parseConfig(JSON.stringify({ backupStorageLocations: locations }), { file: 'the test', env: {} });

const sound: TemporalExamination = {
  serverVersion: '1.29.1',
  retentionHours: 72,
  workers: ['7@here'],
  missingSearchAttributes: [],
};

const expiry: StandingSchedule = { id: 'expire-backups', summary: 'deletes expired backups', state: 'active' };

function examine(
  examined: Partial<TemporalExamination> | Error,
  entries: readonly BackupLocationEntry[] | Error = [],
  schedules: StandingSchedule[] | Error = [],
) {
  return examineRuns(
    {
      examineTemporal: async () => {
        if (examined instanceof Error) throw examined;
        return { ...sound, ...examined };
      },
      standingSchedules: async () => {
        if (schedules instanceof Error) throw schedules;
        return schedules;
      },
      backupLocations: {
        validate: async () => {
          if (entries instanceof Error) throw entries;
          return entries;
        },
      } as never,
    },
    config([location]),
  );
}

const lines = (findings: readonly Finding[]): string[] => findings.map(({ check, outcome }) => `${check}: ${outcome}`);
const available = (lastValidationTime: string): BackupLocationEntry => ({
  name: 'default',
  location,
  status: { phase: 'Available', lastValidationTime },
});

describe('doctor', () => {
  it('passes what is sound', async () => {
    const findings = await examine({}, [available(new Date().toISOString())], [expiry]);
    assert.deepEqual(lines(findings), [
      'Temporal: passed',
      'search attributes: passed',
      'schedule expire-backups: passed',
      'workers: passed',
      'storage location default: passed',
      'clock: passed',
    ]);
    assert.ok(findings.every(({ mend }) => mend === undefined));
  });

  const cases: readonly {
    title: string;
    findings: () => Promise<Finding[]> | Finding[];
    expected: readonly string[];
    mend: RegExp;
  }[] = [
    {
      title: 'Temporal is out of reach',
      findings: () => examine(new BowlineError('Unavailable', 'connect to Temporal at t:1: no answer within 5 s')),
      expected: ['Temporal: failed'],
      mend: /TEMPORAL_ADDRESS/,
    },
    {
      title: 'no worker runs',
      findings: () => examine({ workers: [] }),
      expected: ['Temporal: passed', 'search attributes: passed', 'workers: failed', 'storage locations: skipped'],
      mend: /bowline worker/,
    },
    {
      title: 'search attributes are missing',
      findings: () => examine({ workers: [], missingSearchAttributes: [{ name: 'BowlineItems', type: 'Int' }] }),
      expected: ['Temporal: passed', 'search attributes: warning', 'workers: failed', 'storage locations: skipped'],
      mend: /search-attribute create --namespace default --name BowlineItems --type Int/,
    },
    {
      title: 'setup was never run',
      findings: () => examine({ workers: [] }, [], [{ ...expiry, state: 'missing' }]),
      expected: [
        ...['Temporal: passed', 'search attributes: passed', 'schedule expire-backups: warning'],
        ...['workers: failed', 'storage locations: skipped'],
      ],
      mend: /^bowline setup$/m,
    },
    {
      title: 'a standing schedule is paused',
      findings: () => examine({ workers: [] }, [], [{ ...expiry, state: 'paused', note: 'a move' }]),
      expected: [
        ...['Temporal: passed', 'search attributes: passed', 'schedule expire-backups: warning'],
        ...['workers: failed', 'storage locations: skipped'],
      ],
      mend: /^temporal schedule toggle --namespace default --schedule-id expire-backups --unpause$/m,
    },
    {
      title: 'Temporal forgets runs within hours',
      findings: () => examine({ retentionHours: 2 }),
      expected: ['Temporal: warning', 'search attributes: passed', 'workers: passed'],
      mend: /--retention/,
    },
    {
      title: 'a location can not be used',
      findings: () => {
        const status = {
          phase: 'Unavailable',
          lastValidationTime: new Date().toISOString(),
          message: 'no such bucket',
        } as const;
        return examine({}, [{ name: 'default', location, status }]);
      },
      expected: [
        'Temporal: passed',
        'search attributes: passed',
        'workers: passed',
        'storage location default: failed',
        'clock: passed',
      ],
      mend: /backup-location validate default/,
    },
    {
      title: 'workers have another configuration',
      findings: () => examine({}, [{ name: 'default', location }]),
      expected: [
        'Temporal: passed',
        'search attributes: passed',
        'workers: passed',
        'storage location default: failed',
      ],
      mend: /the same bowline.yaml/,
    },
    {
      title: 'a worker does not answer',
      findings: () => examine({}, new BowlineError('Unavailable', 'validate locations: no answer')),
      expected: ['Temporal: passed', 'search attributes: passed', 'workers: passed', 'storage locations: failed'],
      mend: /what the workers print/,
    },
    {
      title: "the worker's clock is wrong",
      findings: () => examine({}, [available(new Date(Date.now() - 3_600_000).toISOString())]),
      expected: [
        'Temporal: passed',
        'search attributes: passed',
        'workers: passed',
        'storage location default: passed',
        'clock: warning',
      ],
      mend: /NTP/,
    },
    {
      title: 'no location is configured',
      findings: () => examineConfiguration(config([])),
      expected: ['configuration: failed'],
      mend: /backupStorageLocations/,
    },
    {
      title: 'none is the default',
      findings: () => examineConfiguration(config([location])),
      expected: ['configuration: warning'],
      mend: /default: true/,
    },
    {
      title: 'the cluster is out of reach',
      findings: () => examineCluster(() => Promise.reject(new BowlineError('Unavailable', 'version: no answer'))),
      expected: ['cluster: failed'],
      mend: /KUBECONFIG/,
    },
    {
      title: 'the account may not restore',
      findings: () => examineCluster(async () => cluster(({ verb }) => verb !== 'patch')),
      expected: ['cluster: passed', 'right to back up: passed', 'right to restore: warning'],
      mend: /bowline-restore/,
    },
  ];
  for (const { title, findings, expected, mend } of cases) {
    it(`says how to mend it when ${title}`, async () => {
      const found = await findings();
      assert.deepEqual(lines(found), expected);
      assert.match(found.map((finding) => finding.mend ?? '').join('\n'), mend);
    });
  }

  it('says what does not happen while a standing schedule is paused', async () => {
    const found = await examine({ workers: [] }, [], [{ ...expiry, state: 'paused', note: 'a move' }]);
    assert.equal(found[2]?.found, 'paused (a move): nothing deletes expired backups');
  });

  it('looks at all else where schedules can not be read', async () => {
    const found = await examine({ workers: [] }, [], new BowlineError('AccessDenied', 'get schedule x: no'));
    assert.deepEqual(lines(found.slice(2, 4)), ['standing schedules: skipped', 'workers: failed']);
  });

  it('names the verbs that are refused', async () => {
    const found = await examineCluster(async () => cluster(({ resource }) => resource !== '*'));
    assert.deepEqual(
      found.map((finding) => finding.found),
      ['Kubernetes v1.36.3', 'this account may not: get *, list *', 'this account may not: create *, patch *'],
    );
  });

  it('passes the default location, and names it', () => {
    const [finding] = examineConfiguration(config([{ ...location, default: true }]));
    assert.deepEqual(
      [finding?.outcome, finding?.found],
      ['passed', '1 storage and 0 volume snapshot locations; the default is default'],
    );
  });
});

/** A cluster that answers what its account may do. */
function cluster(may: (attributes: { readonly verb: string; readonly resource: string }) => boolean): KubernetesClient {
  const reviews = { find: () => ({ groupResource: 'selfsubjectaccessreviews.authorization.k8s.io' }) };
  return {
    version: async () => ({ gitVersion: 'v1.36.3', major: '1', minor: '36' }),
    discover: async () => reviews,
    create: async (
      _resource: unknown,
      review: { spec: { resourceAttributes: { verb: string; resource: string } } },
    ) => ({
      ...review,
      status: { allowed: may(review.spec.resourceAttributes) },
    }),
    close: async () => undefined,
  } as unknown as KubernetesClient;
}
