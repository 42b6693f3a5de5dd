import assert from 'node:assert/strict';
import type { ValidatedLocations } from '../../src/api/locations.ts';
import { temporalServer } from '../support/servers.ts';
import { permanent, StubActivities, untilCancelled } from '../support/stub-activities.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

describe('validateLocations', () => {
  let runner: WorkflowRunner;

  before(async () => {
    runner = await WorkflowRunner.connect(await temporalServer());
  });

  after(() => runner.close());

  async function validate(stubs: StubActivities): Promise<ValidatedLocations> {
    return runner.run(stubs, async (start) => (await start<ValidatedLocations>('validateLocations')).result());
  }

  it('tells of each location, in order, whether it can be used, why not, and when that was found', async () => {
    const stubs = new StubActivities({
      listLocations: async () => ['good', 'closed', 'odd', 'last'],
      async validateLocation({ location }) {
        if (location === 'closed') throw permanent('AccessDenied', 'list s3://b/: 403 AccessDenied');
        if (location === 'odd') throw permanent('Unexpected', 'unexpected syntax');
      },
    });
    const begun = Date.now();
    const lastValidationTime = 'some time';
    const { locations } = await validate(stubs);
    assert.deepEqual(
      locations.map((found) => ({ ...found, lastValidationTime })),
      [
        { name: 'good', phase: 'Available', lastValidationTime },
        {
          name: 'closed',
          phase: 'Unavailable',
          message: 'list s3://b/: 403 AccessDenied',
          code: 'AccessDenied',
          lastValidationTime,
        },
        { name: 'odd', phase: 'Unavailable', message: 'unexpected syntax', code: 'Unavailable', lastValidationTime },
        { name: 'last', phase: 'Available', lastValidationTime },
      ],
    );
    for (const { lastValidationTime: time } of locations) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(Math.abs(Date.parse(time) - begun) < 60_000, time);
    }
  });

  it('looks at all of them side by side, so that one does not hold up the others', async () => {
    const stubs: StubActivities = new StubActivities({
      async validateLocation({ location }) {
        if (location === 'default') await stubs.called('validateLocation', 2);
      },
    });
    const { locations } = await validate(stubs);
    assert.deepEqual(
      locations.map(({ phase }) => phase),
      ['Available', 'Available'],
    );
  });

  it('tries again what may pass', async () => {
    const stubs: StubActivities = new StubActivities({
      listLocations: async () => ['default'],
      async validateLocation() {
        if (stubs.inputs('validateLocation').length < 2) throw new Error('list s3://b/: ECONNREFUSED');
      },
    });
    const { locations } = await validate(stubs);
    assert.equal(locations[0]?.phase, 'Available');
    assert.equal(stubs.inputs('validateLocation').length, 2);
  });

  it('has nothing to tell where nothing is configured', async () => {
    assert.deepEqual(await validate(new StubActivities({ listLocations: async () => [] })), { locations: [] });
  });

  it('can be cancelled, and tells nothing then', async () => {
    const stubs = new StubActivities({ validateLocation: untilCancelled });
    const ended = await runner.run(stubs, async (start) => {
      const started = await start('validateLocations');
      await stubs.called('validateLocation', 2);
      await started.cancel();
      await started.result().catch(() => undefined);
      return (await started.describe()).status.name;
    });
    assert.equal(ended, 'CANCELLED');
  });
});
