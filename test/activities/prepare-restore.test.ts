import assert from 'node:assert/strict';
import type { RestorePlan } from '../../src/activities/plan.ts';
import type { RestoreRequest } from '../../src/api/restore.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';

const id = workflow('restore/again');
const request: RestoreRequest = { name: 'again', spec: { backupName: 'nightly' } };
const layout = backupLayout('nightly');

describe('prepareRestore', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
  });

  it('finds the backup, marks it as in use, and keeps the plan in staging', async () => {
    const { run, plan, startTimestamp } = await runner.run('prepareRestore', request, id);
    assert.deepEqual(run, { kind: 'restore', name: 'again', uid: '1-run', location: 'default', staging: 'default' });
    assert.equal(startTimestamp, '2026-01-02T03:04:05Z');
    assert.ok(runner.store.objects.has('restores/again/staging/1-run/uses-nightly'));
    const [{ restore, backup, snapshots, contents }] = runner.staged<RestorePlan>(plan) as [RestorePlan];
    assert.deepEqual(restore.spec, { backupName: 'nightly' });
    assert.equal(backup.metadata.uid, 'nightly-uid');
    assert.deepEqual(snapshots, []);
    assert.deepEqual(contents, { bytes: runner.store.objects.get(layout.contents)?.length });
  });

  const invalid: { title: string; request: unknown; problems: RegExp[] }[] = [
    {
      title: 'nothing',
      request: undefined,
      problems: [/^input: .*got undefined$/, /^name: /, /^spec\.backupName: missing; expected the name of a backup$/],
    },
    { title: 'no spec', request: { name: 'again' }, problems: [/^spec\.backupName: missing/] },
    {
      title: 'an empty backup name',
      request: { name: 'again', spec: { backupName: '' } },
      problems: [/^spec\.backupName: missing/],
    },
    {
      title: 'unknown fields and values of the wrong type',
      request: {
        name: 'again',
        backup: 'nightly',
        spec: { backupName: 'nightly', namespaceMapping: ['a:b'], existingResourcePolicy: 'replace', restorePVS: true },
      },
      problems: [
        /^backup: unknown field; expected name and spec$/,
        /^spec\.namespaceMapping: expected an object, got a list$/,
        /^spec\.existingResourcePolicy: expected one of/,
        /^spec\.restorePVS: unknown field; known are /,
      ],
    },
    {
      title: 'both selectors',
      request: { name: 'again', spec: { backupName: 'nightly', labelSelector: {}, orLabelSelectors: [] } },
      problems: [/^spec\.labelSelector and spec\.orLabelSelectors: /],
    },
    {
      title: 'another name than the workflow',
      request: { name: 'later', spec: { backupName: 'nightly' } },
      problems: [/^workflow id: expected restore\/later, got restore\/again$/],
    },
  ];
  for (const { title, request: wrong, problems } of invalid) {
    it(`refuses ${title}, with all problems at once`, async () => {
      const before = runner.store.keys();
      const failure = await runner.run('prepareRestore', wrong as RestoreRequest, id).then(
        () => assert.fail('it was accepted'),
        (error: { type: string; details: [string[]] }) => error,
      );
      assert.equal(failure.type, 'InvalidSpec');
      const [told] = failure.details;
      for (const problem of problems)
        assert.ok(
          told.some((one) => problem.test(one)),
          `${problem}: ${told.join('\n')}`,
        );
      assert.equal(told.length, problems.length, told.join('\n'));
      assert.deepEqual(runner.store.keys(), before);
    });
  }

  it('fails for a backup that is in no location, naming those that were searched', async () => {
    await assert.rejects(runner.run('prepareRestore', { name: 'again', spec: { backupName: 'weekly' } }, id), {
      type: 'NotFound',
      nonRetryable: true,
      message: 'restore weekly: no backup of that name in the storage locations (default, vault)',
    });
  });

  it('restores from a read-only location only with staging elsewhere', async () => {
    await holdBackup(runner.stores['vault']!, 'kept', []);
    const fromVault = { name: 'again', spec: { backupName: 'kept' } };
    await assert.rejects(runner.run('prepareRestore', fromVault, id), { type: 'ReadOnlyLocation' });

    const elsewhere = new ActivityRunner({ config: { staging: 'default' } });
    await holdBackup(elsewhere.stores['vault']!, 'kept', []);
    const { run } = await elsewhere.run('prepareRestore', fromVault, id);
    assert.deepEqual([run.location, run.staging], ['vault', 'default']);
    assert.ok(elsewhere.stores['vault']?.keys().every((key) => key.startsWith('backups/')));
  });

  it('refuses a name that is taken', async () => {
    await runner.store.putObject('restores/again/velero-restore.json', Buffer.from('{}'));
    await assert.rejects(runner.run('prepareRestore', request, id), { type: 'AlreadyExists', nonRetryable: true });
  });

  it('gives way to a deletion', async () => {
    await runner.store.putObject(layout.deletion, Buffer.from('{}'));
    await assert.rejects(runner.run('prepareRestore', request, id), {
      nonRetryable: true,
      message: /is being deleted$/,
    });
  });

  for (const { title, spoil } of [
    { title: 'has no tarball', spoil: (): unknown => runner.store.objects.delete(layout.contents) },
    {
      title: 'has a tarball of another size than its index says',
      spoil: (): unknown => runner.store.putObject(layout.segments, Buffer.from('{"bytes":1,"sha256":"x"}')),
    },
    {
      title: 'has metadata that is no JSON',
      spoil: (): unknown => runner.store.putObject(layout.metadata, Buffer.from('{')),
    },
    {
      title: 'has a list of snapshots that is cut off',
      spoil: (): unknown => runner.store.putObject(layout.volumeSnapshots, Buffer.from([0x1f, 0x8b])),
    },
  ]) {
    it(`fails for a backup that ${title}`, async () => {
      await spoil();
      await assert.rejects(runner.run('prepareRestore', request, id), { type: 'CorruptBackup', nonRetryable: true });
    });
  }

  for (const { version, isRead } of [
    { version: undefined, isRead: true },
    { version: '1', isRead: true },
    { version: '1.2.0', isRead: true },
    { version: '2.0.0', isRead: false },
    { version: 2, isRead: false },
    { version: '', isRead: false },
  ]) {
    const shown = JSON.stringify(version) ?? 'absent';
    it(`${isRead ? 'reads' : 'refuses'} a backup whose format version is ${shown}`, async () => {
      const record = JSON.parse(runner.store.objects.get(layout.metadata)!.toString()) as { status?: object };
      const status = { ...record.status, formatVersion: version };
      await runner.store.putObject(layout.metadata, Buffer.from(JSON.stringify({ ...record, status })));
      const prepared = runner.run('prepareRestore', request, id);
      if (isRead) await prepared;
      else {
        const message = `read backup nightly: its format is version ${shown}; expected 1, as in 1.1.0`;
        await assert.rejects(prepared, { type: 'Unsupported', nonRetryable: true, message });
      }
    });
  }
});
