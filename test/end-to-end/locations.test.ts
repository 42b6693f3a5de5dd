import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LocationStatus, ValidatedLocations } from '../../src/api/locations.ts';
import { objectStoreChecks } from '../../src/plugins/conformance/object-store.ts';
import { readOnlyObjectStoreChecks } from '../../src/plugins/conformance/object-store-read-only.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import type { WorkerProcess } from '../../tools/stack/worker.ts';
import { credentialsFile, lockedBucket, s3Bucket } from '../plugins/object-stores/s3-bucket.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { recordingServer, type RecordingServer } from '../support/recording-server.ts';
import { createEnvironment, type Environment } from './environment.ts';

/** A location of the provider `aws`, of what opens a bucket. */
function onAws(name: string, { bucket = '', ...config }: Record<string, string>, others: object = {}) {
  return { name, provider: 'aws', objectStorage: { bucket }, config, ...others };
}

/** Locations of which each has something wrong, and what is said of them. */
const wrong: Readonly<Record<string, { readonly code: string; readonly says: RegExp }>> = {
  'no-bucket': { code: 'InvalidConfig', says: /^list s3:\/\/absent\/: 404 NoSuchBucket$/ },
  'other-region': { code: 'InvalidConfig', says: /^list s3:\/\/bucket-.*\/: 400 AuthorizationHeaderMalformed$/ },
  'wrong-secret': { code: 'AccessDenied', says: /^list s3:\/\/bucket-.*\/: 403 SignatureDoesNotMatch$/ },
  expired: { code: 'AccessDenied', says: /^list s3:\/\/bucket-.*\/: 400 ExpiredToken$/ },
  'unknown-key': { code: 'InvalidConfig', says: /invalid keys \[zone\]/ },
  'no-path': { code: 'InvalidConfig', says: /^open \/absent: ENOENT$/ },
  'no-provider': { code: 'InvalidConfig', says: /no provider is named tape; known are aws/ },
  'of-others': { code: 'InvalidConfig', says: /backup store contains invalid top-level directories: \[photos\]$/ },
};

describe('locations', function () {
  this.timeout(600_000);
  const path = temporaryFolder();
  let environment: Environment;
  let expired: RecordingServer;
  let worker: WorkerProcess;

  before(async () => {
    const [bucket, others, vault, locked] = await Promise.all([s3Bucket(), s3Bucket(), s3Bucket(), lockedBucket()]);
    const body = '<Error><Code>ExpiredToken</Code><Message>in its words</Message></Error>';
    expired = await recordingServer(() => ({ status: 400, headers: { 'content-type': 'application/xml' }, body }));
    const wrongKeys = credentialsFile({ accessKeyId: 'bowline', secretAccessKey: 'wrong' });
    const locations = [
      { name: 'files', provider: 'filesystem', objectStorage: { bucket: 'b', prefix: 'east' }, config: { path } },
      onAws('vault', vault, { accessMode: 'ReadOnly' }),
      onAws('locked', locked),
      onAws('no-bucket', { ...bucket, bucket: 'absent' }),
      onAws('other-region', { ...bucket, region: 'eu-west-1' }),
      onAws('wrong-secret', { ...bucket, credentialsFile: wrongKeys }),
      onAws('expired', { ...bucket, s3Url: expired.url }),
      onAws('unknown-key', { ...bucket, zone: 'a' }),
      { name: 'no-path', provider: 'filesystem', objectStorage: { bucket: 'b' }, config: { path: '/absent' } },
      { name: 'no-provider', provider: 'tape', objectStorage: { bucket: 'b' } },
      onAws('of-others', others),
    ];
    for (const [location, keys] of [
      ['vault', ['backups/old/velero-backup.json', 'restores/old/log.gz']],
      ['of-others', ['photos/1', 'backups/a/b']],
    ] as const) {
      const store = await createRegistry().openObjectStore(locations.find(({ name }) => name === location)!);
      for (const key of keys) await store.putObject(key, Buffer.from(key));
    }
    environment = await createEnvironment('locations', {
      settings: ({ backupStorageLocations }) => ({
        backupStorageLocations: [...backupStorageLocations, ...locations],
      }),
    });
    worker = environment.startWorker();
  });

  after(async () => {
    expired.close();
    await environment.stop();
  });

  async function statuses(): Promise<Map<string, LocationStatus>> {
    const { code, text } = await environment.bowline('backup-location', 'get', '--validate', '-o', 'json');
    assert.equal(code, 0, text);
    // A note comes before it where the worker takes its time.
    const { items } = JSON.parse(text.slice(text.indexOf('{'))) as {
      items: { metadata: { name: string }; status: LocationStatus }[];
    };
    return new Map(items.map(({ metadata, status }) => [metadata.name, status]));
  }

  it('are validated by a worker, each with what is wrong with it', async () => {
    const found = await statuses();
    for (const name of ['default', 'files', 'vault', 'locked']) assert.equal(found.get(name)?.phase, 'Available', name);
    for (const [name, { code, says }] of Object.entries(wrong)) {
      const status = found.get(name);
      assert.deepEqual([status?.phase, status?.code], ['Unavailable', code], `${name}: ${status?.message}`);
      assert.match(status?.message ?? '', says);
    }
  });

  it('are listed with what was found last', async () => {
    const { code, text } = await environment.bowline('backup-location', 'get', 'files', 'no-bucket', 'vault');
    assert.equal(code, 0, text);
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
    assert.match(text, new RegExp(`\nfiles +filesystem +b/east +Available +${time} +ReadWrite\n`));
    assert.match(text, new RegExp(`\nno-bucket +aws +absent +Unavailable +${time} +ReadWrite\n`));
    assert.match(text, new RegExp(`\nvault +aws +bucket-\\S+ +Available +${time} +ReadOnly\n`));
  });

  it('are validated by a workflow that anybody may start, whatever its argument', async () => {
    const { workflow } = environment.temporal;
    const options = { taskQueue: environment.name, workflowId: 'validate-locations-by-hand', args: [{}] };
    const { locations } = (await workflow.execute('validateLocations', options)) as ValidatedLocations;
    assert.equal(locations.length, 12);
    assert.equal(locations[0]?.phase, 'Available');
  });

  it('that hold something else take no backup', async () => {
    const { code, text } = await environment.bowline('backup', 'create', 'stray', '--storage-location', 'of-others');
    assert.equal(code, 2, text);
    assert.match(text, /invalid top-level directories: \[photos\]/);
  });

  it('of volume snapshots are listed', async () => {
    const { code, text } = await environment.bowline('snapshot-location', 'get');
    assert.deepEqual([code, text], [0, 'NAME     PROVIDER\ndefault  filesystem\n']);
  });

  describe('are checked by a worker', () => {
    const all = objectStoreChecks.length + 1;

    it('on S3, check by check, and left as they were', async () => {
      const { code, text } = await environment.bowline('backup-location', 'validate', 'default');
      assert.equal(code, 0, text);
      for (const { title } of objectStoreChecks) assert.ok(text.includes(`passed   ${title}\n`), title);
      assert.match(text, new RegExp(`: ${all} passed, 0 failed, 0 skipped\n$`));
      assert.deepEqual([await environment.keys(), environment.uploads()], [[], []]);
    });

    it('on a file system, below the prefix', async () => {
      const { code, text } = await environment.bowline('backup-location', 'validate', 'files');
      assert.equal(code, 0, text);
      assert.match(
        text,
        new RegExp(`\nfile://${path}/b/east/plugins/bowline-validate-[^ ]+/: ${all} passed, 0 failed`),
      );
      assert.deepEqual(readdirSync(join(path, 'b'), { recursive: true }), ['.bowline-incomplete']);
    });

    it('by reading alone, if they are read-only', async () => {
      const { code, text } = await environment.bowline('backup-location', 'validate', 'vault');
      assert.equal(code, 0, text);
      assert.match(text, new RegExp(`: ${readOnlyObjectStoreChecks.length} passed, 0 failed, 0 skipped\n$`));
    });

    it('and not to the end if nothing can be deleted: it says what is left', async () => {
      const { code, text } = await environment.bowline('backup-location', 'validate', 'locked');
      assert.equal(code, 1, text);
      assert.match(text, /^failed {3}an object can be listed, .*\n +what is in it may not be deleted, or is locked: /);
      assert.match(
        text,
        /\nfailed {3}what the checks wrote is removed\n +left at s3:\/\/\S+: delete \S+: 403 AccessDenied\n/,
      );
      assert.match(text, new RegExp(`: 0 passed, 2 failed, ${all - 2} skipped\n$`));
    });

    for (const [name, code, says] of [
      ['no-bucket', 1, /may not|NoSuchBucket/],
      ['wrong-secret', 1, /it may not be listed: list \S+: 403 SignatureDoesNotMatch/],
      ['unknown-key', 2, /invalid keys \[zone\]/],
      ['nowhere', 1, /backup location nowhere: not configured/],
    ] as const)
      it(`with an error: ${name}`, async () => {
        const result = await environment.bowline('backup-location', 'validate', name);
        assert.equal(result.code, code, result.text);
        assert.match(result.text, says);
      });

    it('until Ctrl-C, after which nothing is left', async () => {
      const holding = environment.s3.hold({ method: 'PUT', path: /bowline-validate.*shared/, at: 'after' });
      const command = environment.startBowline('backup-location', 'validate', 'default');
      const held = await holding;
      assert.notDeepEqual(await environment.keys(), []);
      command.interrupt();
      const { code, text } = await command.ended;
      held.release();
      assert.equal(code, 1, text);
      assert.match(text, /\nStopping the checks.*\n(.*\n)*error: validate default: cancelled\n$/);
      assert.deepEqual([await environment.keys(), environment.uploads()], [[], []]);
    });

    it('by another worker where one has died, and nothing is left', async () => {
      const holding = environment.s3.hold({ method: 'PUT', path: /bowline-validate.*shared/, at: 'after' });
      const command = environment.startBowline('backup-location', 'validate', 'default');
      const held = await holding;
      await worker.kill();
      held.release();
      worker = environment.startWorker();
      const { code, text } = await command.ended;
      assert.equal(code, 0, text);
      assert.deepEqual([await environment.keys(), environment.uploads()], [[], []]);
    });
  });
});
