import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { RestorePlan } from '../../src/activities/plan.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RestoreRequest } from '../../src/api/restore.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { nonRestorable } from '../../src/selection/restore-filter.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const id = workflow('restore/again');
const request: RestoreRequest = { name: 'again', spec: { backupName: 'nightly' } };
const layout = backupLayout('nightly');

describe('prepareRestore', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
  });

  it('(b.1) finds the backup, marks it as in use, keeps the plan in staging, and leaves out what is never restored', async () => {
    const { run, plan, startTimestamp } = await runner.run('prepareRestore', request, id);
    assert.deepEqual(run, { kind: 'restore', name: 'again', uid: '1-run', location: 'default', staging: 'default' });
    assert.equal(startTimestamp, '2026-01-02T03:04:05Z');
    assert.ok(runner.store.objects.has('restores/again/staging/1-run/uses-nightly'));
    const [{ restore, backup, snapshots, contents }] = runner.staged<RestorePlan>(plan) as [RestorePlan];
    assert.deepEqual(restore.spec, { backupName: 'nightly', excludedResources: nonRestorable });
    assert.equal(backup.metadata.uid, 'nightly-uid');
    assert.deepEqual(snapshots, []);
    assert.deepEqual(contents, { bytes: runner.store.objects.get(layout.contents)?.length });
  });

  const invalid: { title: string; request: unknown; problems: RegExp[] }[] = [
    {
      title: 'nothing',
      request: undefined,
      problems: [
        /^input: .*got undefined$/,
        /^name: /,
        /^spec\.backupName: missing; expected the name of a backup, or spec\.scheduleName$/,
      ],
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
        /^backup: unknown field; expected name, spec and dryRun$/,
        /^spec\.namespaceMapping: expected an object, got a list$/,
        /^spec\.existingResourcePolicy: expected one of/,
        /^spec\.restorePVS: unknown field; known are /,
      ],
    },
    {
      title: 'both a backup and a schedule, and a dry run that is neither true nor false',
      request: { name: 'again', spec: { backupName: 'nightly', scheduleName: 'daily' }, dryRun: 'yes' },
      problems: [
        /^dryRun: expected true or false, got string$/,
        /^spec\.backupName and spec\.scheduleName: expected one/,
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
    it(`(b.1) refuses ${title}, with all problems at once`, async () => {
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

  it('(b.1) fails for a backup that is in no location, naming those that were searched', async () => {
    await assert.rejects(runner.run('prepareRestore', { name: 'again', spec: { backupName: 'weekly' } }, id), {
      type: 'NotFound',
      nonRetryable: true,
      message: 'restore weekly: no backup of that name in the storage locations (default, vault)',
    });
  });

  it('finds a backup although a location before its own is out of reach, and else says so', async () => {
    const partly = new ActivityRunner({ config: { staging: 'default' } });
    const outage = new BowlineError('Unavailable', 'stat s3://default: ECONNREFUSED');
    // Staging lies in it, too, which a real outage would hold up.
    partly.store.objectExists = async (key) => {
      if (key.startsWith('backups/')) throw outage;
      return false;
    };
    await holdBackup(partly.stores['vault']!, 'kept', []);
    const prepare = (backupName: string) => partly.run('prepareRestore', { name: 'again', spec: { backupName } }, id);
    const { run } = await prepare('kept');
    assert.equal(run.location, 'vault');
    await assert.rejects(prepare('weekly'), { type: 'Unavailable', nonRetryable: false, message: outage.message });
  });

  it('(b.1) restores from a read-only location only with staging elsewhere', async () => {
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

  it('(c.1) gives way to a deletion', async () => {
    await runner.store.putObject(layout.deletion, Buffer.from('{}'));
    await assert.rejects(runner.run('prepareRestore', request, id), {
      nonRetryable: true,
      message: /that backup is being deleted, or a deletion of it did not finish$/,
    });
  });

  it('(c.1) finds no backup that a deletion has removed while it was looked for, and leaves no mark', async () => {
    runner.store.beforePut = () => void runner.store.objects.delete(layout.metadata);
    await assert.rejects(runner.run('prepareRestore', request, id), {
      type: 'NotFound',
      nonRetryable: true,
      message: 'restore nightly: that backup has been deleted meanwhile',
    });
    assert.deepEqual(runner.store.keys('restores/'), []);
  });

  describe('of a schedule', () => {
    const daily = (name: string, startTimestamp: string, status: object = {}) =>
      holdBackup(runner.store, name, [], {
        labels: { 'velero.io/schedule-name': 'daily' },
        status: { startTimestamp, ...status },
      });
    const ofSchedule = { name: 'again', spec: { scheduleName: 'daily' } };

    it('(b.1) takes the newest backup that is Completed, by when it began', async () => {
      await daily('daily-3', '2026-01-03T00:00:00Z');
      await daily('daily-9', '2026-01-09T00:00:00Z', { phase: 'PartiallyFailed' });
      await daily('daily-2', '2026-01-02T00:00:00Z');
      await holdBackup(runner.stores['vault']!, 'kept', [], { labels: { 'velero.io/schedule-name': 'weekly' } });
      const { plan } = await runner.run('prepareRestore', ofSchedule, id);
      const [{ restore, backup }] = runner.staged<RestorePlan>(plan) as [RestorePlan];
      assert.equal(backup.metadata.name, 'daily-3');
      assert.deepEqual([restore.spec.backupName, restore.spec.scheduleName], ['daily-3', 'daily']);
    });

    it('(b.1) passes over one that is being deleted, and over what can not be read', async () => {
      await daily('daily-3', '2026-01-03T00:00:00Z');
      await daily('daily-2', '2026-01-02T00:00:00Z');
      await runner.store.putObject(backupLayout('daily-3').deletion, Buffer.from('{}'));
      await runner.store.putObject(backupLayout('daily-4').metadata, Buffer.from('{'));
      await runner.store.putObject(backupLayout('daily-5').contents, Buffer.from('x'));
      const { plan } = await runner.run('prepareRestore', ofSchedule, id);
      assert.equal(runner.staged<RestorePlan>(plan)[0]!.backup.metadata.name, 'daily-2');
    });

    it('(b.1) fails where there is none', async () => {
      await daily('daily-9', '2026-01-09T00:00:00Z', { phase: 'PartiallyFailed' });
      await assert.rejects(runner.run('prepareRestore', ofSchedule, id), {
        type: 'NotFound',
        nonRetryable: true,
        message: 'restore of schedule daily: no completed backup in the storage locations (default, vault)',
      });
    });

    it("(b.1) is told by the backup's label where the backup is named", async () => {
      await daily('daily-1', '2026-01-01T00:00:00Z');
      const named = { name: 'again', spec: { backupName: 'daily-1' } };
      const { plan } = await runner.run('prepareRestore', named, id);
      assert.equal(runner.staged<RestorePlan>(plan)[0]!.restore.spec.scheduleName, 'daily');
    });
  });

  it('(b.1) takes a backup in any phase, if it is named', async () => {
    await holdBackup(runner.store, 'nightly', [], { status: { phase: 'PartiallyFailed' } });
    await runner.run('prepareRestore', request, id);
  });

  describe('with resource modifiers', () => {
    const modified = {
      name: 'again',
      spec: { backupName: 'nightly', resourceModifier: { kind: 'ConfigMap', name: 'rules' } },
    };
    const hold = (data: Record<string, string>): void =>
      runner.cluster.hold(object('v1 ConfigMap', 'velero/rules', { data }));

    it("(b.1) reads them from the ConfigMap in Velero's namespace", async () => {
      hold({
        any: 'version: v1\nresourceModifierRules: [{conditions: {groupResource: pods}, mergePatches: [{patchData: "{}"}]}]',
      });
      const { plan } = await runner.run('prepareRestore', modified, id);
      assert.equal(runner.staged<RestorePlan>(plan)[0]!.modifiers?.rules.length, 1);
    });

    for (const { title, data, problems } of [
      { title: 'a ConfigMap that is not there', data: undefined, problems: [/rules: there is none$/] },
      { title: 'a ConfigMap without data', data: {}, problems: [/rules: expected one key in its data, got 0$/] },
      { title: 'one with two keys', data: { a: '', b: '' }, problems: [/expected one key in its data, got 2$/] },
      {
        title: 'rules that do not parse',
        data: { a: 'version: v2\nresourceModifierRules: [{}]' },
        problems: [
          /^spec\.resourceModifier: ConfigMap velero\/rules: version: expected v1/,
          /resourceModifierRules\[0\]\.conditions: expected an object, got nothing$/,
          /resourceModifierRules\[0\]\.conditions\.groupResource: missing/,
          /resourceModifierRules\[0\]: expected patches, mergePatches or strategicPatches$/,
        ],
      },
    ]) {
      it(`(b.1) refuses ${title}, with all problems at once, and marks nothing`, async () => {
        if (data) hold(data as Record<string, string>);
        const failure = await runner.run('prepareRestore', modified, id).then(
          () => assert.fail('it was accepted'),
          (error: { type: string; details: [string[]] }) => error,
        );
        assert.equal(failure.type, 'InvalidSpec');
        assert.equal(failure.details[0].length, problems.length, failure.details[0].join('\n'));
        for (const [index, problem] of problems.entries()) assert.match(failure.details[0][index]!, problem);
        assert.deepEqual(runner.store.keys('restores/'), []);
      });
    }
  });

  for (const { title, status, type } of [
    { title: 'one that says nothing of it', status: { formatVersion: undefined }, type: undefined },
    { title: 'one of old', status: { formatVersion: '1' }, type: undefined },
    { title: 'one that is newer than this program', status: { formatVersion: '2.0.0' }, type: 'Unsupported' },
  ]) {
    it(`(b.1) ${type ? 'refuses' : 'takes'} a format version, ${title}`, async () => {
      await holdBackup(runner.store, 'nightly', [], { status: status as object });
      const prepared = runner.run('prepareRestore', request, id);
      if (type)
        await assert.rejects(prepared, { type, nonRetryable: true, message: /its format is version "2\.0\.0"/ });
      else await prepared;
    });
  }

  it('(b.1) takes files beside the tarball that are missing or null for empty lists', async () => {
    for (const file of ['volumeSnapshots', 'podVolumeBackups', 'volumeInfo', 'csiVolumeSnapshots'] as const)
      await runner.store.putObject(layout[file], gzipSync('null\n'));
    const first = await runner.run('prepareRestore', request, id);
    for (const file of ['volumeSnapshots', 'podVolumeBackups', 'volumeInfo', 'csiVolumeSnapshots'] as const)
      await runner.store.deleteObject(layout[file]);
    const second = await runner.run('prepareRestore', request, id);
    for (const { plan } of [first, second]) {
      const { snapshots, podVolumeBackups, volumes, csiClaims } = runner.staged<RestorePlan>(plan)[0]!;
      assert.deepEqual([snapshots, podVolumeBackups, volumes, csiClaims], [[], [], [], []]);
    }
  });

  it('takes a tarball whose index is of a version that it does not know, with a warning', async () => {
    await runner.store.putObject(layout.segments, Buffer.from('{"version":2,"digest":"…"}'));
    const { plan } = await runner.run('prepareRestore', request, id);
    const { contents, remarks } = runner.staged<RestorePlan>(plan)[0]!;
    assert.equal(contents.sha256, undefined);
    assert.match(remarks.join(), /nightly-segments\.json is of version 2/);
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
      title: 'has an index that is no JSON',
      spoil: (): unknown => runner.store.putObject(layout.segments, Buffer.from('{"bytes":')),
    },
    {
      title: 'has a list of snapshots that is none',
      spoil: (): unknown => runner.store.putObject(layout.volumeSnapshots, gzipSync('{}')),
    },
    {
      title: 'has pod volume backups that are none',
      spoil: (): unknown => runner.store.putObject(layout.podVolumeBackups, gzipSync('[7]')),
    },
    {
      title: 'has volume info that is none',
      spoil: (): unknown => runner.store.putObject(layout.volumeInfo, gzipSync('"text"')),
    },
    {
      title: 'has CSI snapshots that are none',
      spoil: (): unknown => runner.store.putObject(layout.csiVolumeSnapshots, gzipSync('[null]')),
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
