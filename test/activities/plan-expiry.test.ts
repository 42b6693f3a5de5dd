import assert from 'node:assert/strict';
import type { ExpiryPlan } from '../../src/activities/plan-expiry.ts';
import type { Config } from '../../src/api/config.ts';
import { BowlineError } from '../../src/api/errors.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';

const expired = { expiration: '2026-01-02T03:04:05Z' };
const lasting = { expiration: '2026-01-02T03:04:06Z' };

describe('planExpiry', () => {
  let runner: ActivityRunner;

  beforeEach(() => (runner = new ActivityRunner()));

  function plan(location = 'default', from = runner): Promise<ExpiryPlan> {
    return from.run('planExpiry', { location });
  }

  async function hold(name: string, start: string, others: Parameters<typeof holdBackup>[3] = {}): Promise<void> {
    await holdBackup(runner.store, name, [], {
      ...others,
      status: { startTimestamp: `${start}T00:00:00Z`, ...expired, ...others.status },
    });
  }

  it('(d.1) names the backups that have expired, oldest first, and the workflows that delete them', async () => {
    await hold('new', '2026-01-02', { status: lasting });
    await hold('b', '2025-12-02');
    await hold('a', '2025-12-03');
    const { deletions, ...others } = await plan();
    assert.deepEqual(deletions, [
      { name: 'b', workflowId: 'delete-backup/b', reason: 'expired' },
      { name: 'a', workflowId: 'delete-backup/a', reason: 'expired' },
    ]);
    assert.deepEqual(others, { isReadOnly: false, backups: 3, more: 0, lastGood: 0, remarks: [] });
  });

  it('reads schedule and rules from the labels', async () => {
    const labels = { 'velero.io/schedule-name': 's', 'velero.io/retention': 'last-1' };
    for (const day of ['2026-01-01', '2026-01-02']) await hold(`s-${day}`, day, { labels, status: lasting });
    assert.deepEqual((await plan()).deletions, [
      { name: 's-2026-01-01', workflowId: 'delete-backup/s-2026-01-01', reason: 'retention' },
    ]);
  });

  it('leaves the last good backup of a schedule, unless the configuration says otherwise', async () => {
    await hold('s-1', '2026-01-01', { labels: { 'velero.io/schedule-name': 's' } });
    assert.partialDeepStrictEqual(await plan(), { deletions: [], lastGood: 1 });
    const expiry: Config['expiry'] = { removeLast: true, sweepAfter: '24h0m0s' };
    const strict = new ActivityRunner({ config: { expiry }, store: async () => runner.store });
    assert.partialDeepStrictEqual(await plan('default', strict), { lastGood: 0 });
    assert.equal((await plan('default', strict)).deletions.length, 1);
  });

  it('(d.1) names nothing in a location that is read-only, and does not read it', async () => {
    await holdBackup(runner.stores['vault']!, 'a', [], { status: expired });
    const nothing = { backups: 0, deletions: [], more: 0, lastGood: 0, remarks: [] };
    assert.deepEqual(await plan('vault'), { isReadOnly: true, ...nothing });
  });

  it('names what an earlier deletion has left of a backup', async () => {
    await runner.store.putObject(backupLayout('torn').deletion, Buffer.from('{}'));
    await runner.store.putObject(backupLayout('half').contents, Buffer.from('x'));
    await hold('whole', '2026-01-01', { status: lasting });
    await runner.store.putObject(backupLayout('whole').deletion, Buffer.from('{}'));
    assert.deepEqual((await plan()).deletions, [{ name: 'torn', workflowId: 'delete-backup/torn', reason: 'cut off' }]);
  });

  it('tells of records that can not be read, and takes none of these', async () => {
    await hold('bad', '2026-01-01');
    await runner.store.putObject(backupLayout('bad').metadata, Buffer.from('{'));
    const { deletions, backups, remarks } = await plan();
    assert.deepEqual([deletions, backups], [[], 0]);
    assert.match(remarks.join(), /^backup bad never goes by itself: read velero-backup\.json: /);
  });

  it('names so many of them, and says how many more there are', async () => {
    for (let index = 10; index < 70; index++) await hold(`b-${index}`, '2026-01-01');
    const { deletions, more } = await plan();
    assert.deepEqual([deletions.length, more], [50, 10]);
    runner.now = new Date(runner.now.getTime() + 3_600_000);
    const next = (await plan()).deletions.map(({ name }) => name);
    assert.equal(new Set([...next, ...deletions.map(({ name }) => name)]).size, 60);
  });

  it('puts the prefix of workflow ids before them', async () => {
    await hold('a', '2026-01-01');
    const temporal = { address: '', namespace: '', taskQueue: '', idPrefix: 'east/' };
    const east = new ActivityRunner({ config: { temporal }, store: async () => runner.store });
    assert.equal((await plan('default', east)).deletions[0]?.workflowId, 'east/delete-backup/a');
  });

  it('fails, to be tried again, if the store does not answer', async () => {
    await hold('a', '2026-01-01');
    runner.store.getObject = () => Promise.reject(new BowlineError('Unavailable', 'get: no answer'));
    await assert.rejects(plan(), { type: 'Unavailable', nonRetryable: false });
  });
});
