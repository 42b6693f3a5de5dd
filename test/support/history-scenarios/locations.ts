import { permanent, untilCancelled } from '../stub-activities.ts';
import type { HistoryScenario } from './scenario.ts';

/** Ways through what looks at storage locations. */
export const locationScenarios: readonly HistoryScenario[] = [
  { workflow: 'validateLocations', scenario: 'completed' },
  {
    workflow: 'validateLocations',
    scenario: 'with-unavailable',
    stubs: () => ({
      async validateLocation({ location }) {
        if (location === 'vault') throw permanent('AccessDenied', 'list s3://vault/: 403 AccessDenied');
      },
    }),
  },
  {
    workflow: 'validateLocations',
    scenario: 'cancelled',
    stubs: () => ({ validateLocation: untilCancelled }),
    async meanwhile(started, stubs) {
      await stubs.called('validateLocation', 2);
      await started.cancel();
    },
  },
  { workflow: 'checkConformance', scenario: 'completed' },
  {
    workflow: 'checkConformance',
    scenario: 'with-failed-check',
    stubs: () => ({
      verifyCheck: async ({ title }) =>
        title === 'a' ? { title, outcome: 'failed', message: 'expected x' } : { title, outcome: 'passed' },
    }),
  },
  {
    workflow: 'checkConformance',
    scenario: 'not-opened',
    stubs: () => ({
      async prepareConformance() {
        throw permanent('InvalidConfig', 'open the location: no such bucket');
      },
    }),
  },
  {
    workflow: 'checkConformance',
    scenario: 'cancelled',
    stubs: () => ({
      verifyCheck: async ({ title }) => (title === 'b' ? untilCancelled() : { title, outcome: 'passed' }),
    }),
    async meanwhile(started, stubs) {
      await stubs.called('verifyCheck', 2);
      await started.cancel();
    },
  },
];
