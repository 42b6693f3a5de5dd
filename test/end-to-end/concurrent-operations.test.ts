import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import type { Backup } from '../../src/api/backup.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { eventually } from '../tools/stack/eventually.ts';
import { createApplication, type Application } from './application.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';

const namespace = 'concurrent';

describe('operations beside each other', function () {
  this.timeout(240_000);
  let west: Environment;
  /** Another cluster's Bowline, on the same Temporal namespace and the same storage. */
  let east: Environment;
  let application: Application;
  /** How many items a backup of the application holds, and how many files its snapshots are. */
  let items: number;
  let snapshotFiles: number;

  before(async () => {
    west = await createEnvironment('concurrent-west');
    east = await createEnvironment('concurrent-east', {
      storageOf: west,
      settings: ({ temporal }) => ({ temporal: { ...(temporal as object), idPrefix: 'east/' } }),
    });
    application = await createApplication(west.kubernetes, namespace, west.folder);
    west.startWorker();
    east.startWorker();
    await backUp('whole');
    items = (await readBackup(west, 'whole')).size;
    snapshotFiles = west.snapshots().length;
    assert.ok(items >= application.objects.length && snapshotFiles > 0, `${items}, ${snapshotFiles}`);
  });

  afterEach(async () => {
    assert.deepEqual(await staged(), [], 'left in staging');
    assert.deepEqual(west.uploads(), []);
  });

  after(async () => {
    await east.stop();
    await west.stop();
  });

  const spec = { includedNamespaces: [namespace] };

  function backUp(name: string): Promise<RunResult> {
    return west.run('backup', { name, spec });
  }

  function startInEast(workflow: string, id: string, request: object): Promise<WorkflowHandle> {
    const options = { taskQueue: east.name, workflowId: `east/${id}`, args: [request] };
    return east.temporal.workflow.start(workflow, options);
  }

  async function staged(): Promise<string[]> {
    return (await west.keys()).filter((key) => key.includes('/staging/'));
  }

  /** The keys of a backup. */
  async function keysOf(name: string): Promise<string[]> {
    return (await west.keys()).filter((key) => key.startsWith(backupLayout(name).directory));
  }

  async function assertWhole(name: string): Promise<void> {
    assert.equal((await readBackup(west, name)).size, items);
    assert.ok(!(await keysOf(name)).includes(backupLayout(name).deletion), 'a mark of a deletion is left');
  }

  /** The code and the words with which a run fails. */
  async function failureOf(run: Pick<WorkflowHandle, 'result'>): Promise<{ type: string; message: string }> {
    return run.result().then(
      () => assert.fail('it did not fail'),
      (error: WorkflowFailedError) => error.cause as unknown as { type: string; message: string },
    );
  }

  async function phaseOf(run: Pick<WorkflowHandle, 'result'>): Promise<string> {
    return ((await run.result()) as RunResult).phase;
  }

  /** The application's objects in another namespace. Rejects with `NotFound` if one is not there. */
  async function restoredIn(into: string): Promise<Unstructured[]> {
    const { kubernetes } = west;
    const discovery = await kubernetes.discover();
    return Promise.all(
      application.objects
        .filter(({ metadata }) => metadata.namespace === namespace)
        .map(({ apiVersion, kind, metadata: { name } }) =>
          kubernetes.get(discovery.findKind(apiVersion, kind)!, { namespace: into, name }),
        ),
    );
  }

  /** Where the files of the cluster's PersistentVolumes lie. */
  async function pathsOfVolumes(): Promise<string[]> {
    const volumes = (await west.kubernetes.discover()).find('persistentvolumes')!;
    const { items: found } = await west.kubernetes.listPage(volumes);
    return found.map(({ spec: volume }) => (volume as { hostPath?: { path: string } }).hostPath?.path ?? '');
  }

  async function recordOf(name: string): Promise<Backup> {
    return JSON.parse(await text(await west.store.getObject(backupLayout(name).metadata))) as Backup;
  }

  describe('a deletion, and a backup of that name', () => {
    it('the deletion is refused while the backup runs, and the backup is whole', async () => {
      const holding = west.s3.hold({ method: 'PUT', path: /during\.tar\.gz/, at: 'before' });
      const backup = await west.start('backup', { name: 'during', spec });
      const held = await holding;
      const { code, text: told } = await west.bowline('backup', 'delete', 'during', '--confirm');
      assert.match(told, /delete backup during: it is still in progress; cancel it first/);
      assert.equal(code, 1);
      held.release();
      assert.equal(await phaseOf(backup), 'Completed');
      await assertWhole('during');
    });

    for (const { when, name, finish } of [
      { when: 'runs', name: 'running', finish: false },
      { when: 'has ended', name: 'ended', finish: true },
    ]) {
      it(`the deletion of what a torn run left gives way to a backup that ${when} when the mark is put`, async () => {
        const { directory, deletion } = backupLayout(name);
        await west.store.putObject(`${directory}staging/${randomUUID()}/plan`, Buffer.from('{}'));
        const marking = west.s3.hold({ method: 'PUT', path: new RegExp(deletion), at: 'before' });
        const running = await west.start('deleteBackup', { name });
        const mark = await marking;
        const sealing = west.s3.hold({ method: 'PUT', path: new RegExp(`${name}\\.tar\\.gz`), at: 'before' });
        const backup = await west.start('backup', { name, spec });
        const seal = await sealing;
        if (finish) {
          seal.release();
          await backup.result();
        }
        mark.release();
        const { type, message } = await failureOf(running);
        assert.equal(type, 'Conflict');
        assert.match(message, /a backup of that name (is in progress|has been made meanwhile)/);
        seal.release();
        assert.equal(await phaseOf(backup), 'Completed');
        await assertWhole(name);
        await west.run('deleteBackup', { name });
        assert.deepEqual(await keysOf(name), []);
      });
    }

    it('the backup is refused while the deletion runs', async () => {
      await backUp('going');
      const holding = west.s3.hold({ method: 'DELETE', path: /going/, at: 'before' });
      const deletion = await west.start('deleteBackup', { name: 'going' });
      const held = await holding;
      const { type, message } = await failureOf(await west.start('backup', { name: 'going', spec }));
      assert.equal(type, 'AlreadyExists');
      assert.match(message, /delete that backup first/);
      held.release();
      assert.equal(await phaseOf(deletion), 'Completed');
      assert.deepEqual(await keysOf('going'), []);
    });
  });

  describe('two deletions of one backup', () => {
    it('the second is told that the first is running, which takes all of it', async () => {
      const before = west.snapshots();
      await backUp('twice');
      const holding = west.s3.hold({ method: 'DELETE', path: /twice/, at: 'before' });
      const first = await west.start('deleteBackup', { name: 'twice' });
      const held = await holding;
      const { code, text: told } = await west.bowline('backup', 'delete', 'twice', '--confirm');
      assert.match(told, /delete-backup\/twice: it is running already/);
      assert.equal(code, 1);
      held.release();
      assert.equal(await phaseOf(first), 'Completed');
      assert.deepEqual(await keysOf('twice'), []);
      assert.deepEqual(west.snapshots(), before);
    });

    it('of two clusters both end, and nothing is left', async () => {
      const before = west.snapshots();
      await backUp('shared');
      const holding = west.s3.hold({ method: 'DELETE', path: /shared/, at: 'before' });
      const first = await west.start('deleteBackup', { name: 'shared' });
      const held = await holding;
      const second = await startInEast('deleteBackup', 'delete-backup/shared', { name: 'shared' });
      assert.equal(await phaseOf(second), 'Completed');
      held.release();
      assert.equal(await phaseOf(first), 'Completed');
      assert.deepEqual(await keysOf('shared'), []);
      assert.deepEqual(west.snapshots(), before);
    });
  });

  describe('a deletion, and a restore of the backup', () => {
    it('the deletion waits for the restore, which ends; one that begins meanwhile is refused', async () => {
      await backUp('used');
      const mapped = { backupName: 'used', namespaceMapping: { [namespace]: `${namespace}-used` } };
      const holding = west.api.hold({ method: 'POST', path: /namespaces\/concurrent-used\/pods/, at: 'before' });
      const restore = await west.start('restore', { name: 'reader', spec: mapped });
      const held = await holding;
      const deletion = await west.start('deleteBackup', { name: 'used' });
      await eventually('the deletion waits', async () => {
        const { raw } = await deletion.describe();
        return (raw.pendingActivities ?? []).some(({ lastFailure }) =>
          /restore reader is still reading the backup/.test(lastFailure?.message ?? ''),
        );
      });
      const late = await failureOf(await west.start('restore', { name: 'late', spec: mapped }));
      assert.equal(late.type, 'NotFound');
      assert.match(late.message, /restore used: that backup is being deleted/);
      assert.equal((await keysOf('used')).length, (await keysOf('whole')).length + 1);
      held.release();
      assert.equal(await phaseOf(restore), 'Completed');
      assert.equal(await phaseOf(deletion), 'Completed');
      const left = (await west.keys()).filter((key) => /used|reader|late/.test(key));
      assert.deepEqual(left, []);
      await restoredIn(`${namespace}-used`);
    });

    it('a restore that begins before the deletion, and marks the backup after it, finds nothing and says so', async () => {
      await backUp('gone');
      const holding = west.s3.hold({ method: 'PUT', path: /uses-gone/, at: 'before' });
      const restore = await west.start('restore', { name: 'slow', spec: { backupName: 'gone' } });
      const held = await holding;
      assert.equal((await west.run('deleteBackup', { name: 'gone' })).phase, 'Completed');
      held.release();
      const { type, message } = await failureOf(restore);
      assert.equal(type, 'NotFound');
      assert.match(message, /restore gone: that backup has been deleted meanwhile/);
      assert.deepEqual(
        (await west.keys()).filter((key) => /gone|slow/.test(key)),
        [],
      );
    });
  });

  it('two restores into one namespace restore every item once, and leave no volume without its PersistentVolume', async () => {
    const into = `${namespace}-copy`;
    const mapped = { backupName: 'whole', namespaceMapping: { [namespace]: into } };
    const atVolume = west.api.hold({ method: 'POST', path: /\/persistentvolumes(\?|$)/, at: 'before' });
    const first = await west.start('restore', { name: 'first', spec: mapped });
    const heldAtVolume = await atVolume;
    const atSecret = west.api.hold({ method: 'POST', path: /concurrent-copy\/secrets/, at: 'before' });
    const second = await west.start('restore', { name: 'second', spec: mapped });
    const heldAtSecret = await atSecret;
    // The first one finds claims that are there, and creates the secret on which the second one waits.
    heldAtVolume.release();
    assert.equal(await phaseOf(first), 'Completed');
    heldAtSecret.release();
    assert.equal(await phaseOf(second), 'Completed');

    const restores = new Set(
      (await restoredIn(into)).map(({ metadata }) => metadata.labels?.['velero.io/restore-name']),
    );
    assert.deepEqual(restores, new Set(['first', 'second']));
    const used = await pathsOfVolumes();
    for (const volume of west.volumes())
      assert.ok(
        used.some((path) => path.includes(volume)),
        `${volume} is of no PersistentVolume`,
      );
  });

  describe('two backups of one name', () => {
    it('the second is told that the first is running', async () => {
      const holding = west.s3.hold({ method: 'PUT', path: /same\.tar\.gz/, at: 'before' });
      const first = await west.start('backup', { name: 'same', spec });
      const held = await holding;
      const { code, text: told } = await west.bowline('backup', 'create', 'same');
      assert.match(told, /backup\/same: it is running already/);
      assert.equal(code, 1);
      held.release();
      assert.equal(await phaseOf(first), 'Completed');
      await assertWhole('same');
    });

    for (const { name, when, isSealed } of [
      { name: 'sealed', when: 'has been sealed', isSealed: true },
      { name: 'claimed', when: 'has put its log', isSealed: false },
    ]) {
      it(`of two clusters the one that ${when} is whole, and the other undoes its own`, async () => {
        const before = west.snapshots();
        const atLog = west.s3.hold({ method: 'PUT', path: new RegExp(`${name}-logs`), at: 'before' });
        const loser = await west.start('backup', { name, spec });
        const heldAtLog = await atLog;
        const atTarball = east.s3.hold({ method: 'PUT', path: new RegExp(`${name}\\.tar\\.gz`), at: 'before' });
        const winner = await startInEast('backup', `backup/${name}`, { name, spec });
        const heldAtTarball = await atTarball;
        if (isSealed) {
          heldAtTarball.release();
          await winner.result();
        }
        heldAtLog.release();
        const { type, message } = await failureOf(loser);
        assert.equal(type, 'AlreadyExists');
        assert.match(message, /-logs\.gz: another object is there, of \d+ bytes$/);
        heldAtTarball.release();
        assert.equal(await phaseOf(winner), 'Completed');

        await assertWhole(name);
        const keys = (await keysOf(name)).map((key) => key.replaceAll(name, 'whole'));
        assert.deepEqual(new Set(keys), new Set(await keysOf('whole')));
        const { metadata, status } = await recordOf(name);
        assert.deepEqual([metadata.uid, status?.phase], [((await winner.result()) as RunResult).uid, 'Completed']);
        assert.equal(west.snapshots().length, before.length + snapshotFiles);
      });
    }
  });
});
