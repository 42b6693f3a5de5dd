import type { LeftRun } from '../../../src/activities/left-run.ts';
import type { ExpiryPlan } from '../../../src/activities/plan-expiry.ts';
import { permanent, untilCancelled } from '../stub-activities.ts';
import { cancelDuring, type HistoryScenario } from './scenario.ts';

const plan: ExpiryPlan = { isReadOnly: false, backups: 7, deletions: [], more: 0, lastGood: 0, remarks: [] };
const left: LeftRun = { kind: 'backup', name: 'torn', uid: '1-run', location: 'default' };

/** Ways through what schedules start. */
export const scheduleScenarios: readonly HistoryScenario[] = [
  {
    workflow: 'expireBackups',
    scenario: 'completed',
    stubs: () => ({
      async planExpiry({ location }) {
        if (location === 'vault') return { ...plan, isReadOnly: true };
        return { ...plan, deletions: [{ name: 'old', workflowId: 'delete-backup/old', reason: 'expired' }] };
      },
    }),
  },
  {
    workflow: 'expireBackups',
    scenario: 'with-leftovers',
    stubs: () => ({
      listLocations: async () => ['default'],
      planExpiry: async () => plan,
      findLeftovers: async () => ({ runs: [left, { ...left, name: 'torn-2' }], more: 0 }),
      async sweepRun({ name }) {
        if (name === 'torn') throw permanent('AccessDenied', 'delete snapshot: 403');
        return { snapshots: 2, volumes: 0, files: 1, remarks: [] };
      },
    }),
  },
  {
    workflow: 'expireBackups',
    scenario: 'with-failed-location',
    stubs: () => ({
      async planExpiry({ location }) {
        if (location === 'vault') throw permanent('AccessDenied', 'list s3://vault/: 403 AccessDenied');
        return plan;
      },
    }),
  },
  {
    workflow: 'expireBackups',
    scenario: 'cancelled',
    stubs: () => ({ planExpiry: untilCancelled }),
    meanwhile: cancelDuring('planExpiry'),
  },
  { workflow: 'scheduledBackup', scenario: 'completed', others: { retention: { last: 3, daily: 7 } } },
  {
    workflow: 'scheduledBackup',
    scenario: 'failed',
    stubs: () => ({
      async prepareBackup() {
        throw permanent('InvalidSpec', 'spec.ttl: bad');
      },
    }),
  },
  {
    workflow: 'scheduledBackup',
    scenario: 'cancelled',
    stubs: () => ({ collectItems: untilCancelled }),
    meanwhile: cancelDuring('collectItems'),
  },
];
