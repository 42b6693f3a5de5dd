import assert from 'node:assert/strict';
import { BowlineError, type ErrorCode } from '../../src/api/errors.ts';
import { objectStoreChecks } from '../../src/plugins/conformance/object-store.ts';
import { readOnlyObjectStoreChecks } from '../../src/plugins/conformance/object-store-read-only.ts';
import { withMethods } from '../plugins/conformance/broken.ts';
import { ActivityRunner, workflow } from '../support/activity-runner.ts';
import { MemoryStore } from '../support/memory-store.ts';

const id = workflow('check-conformance/default');
const scratch = 'plugins/bowline-validate-1-run/';
const prepared = { location: 'default', scratch };
const [access] = objectStoreChecks.map(({ title }) => title) as [string];

describe('prepareConformance', () => {
  const runner = new ActivityRunner();

  it('gives a run a scratch folder of its own, and tells of all checks', async () => {
    assert.deepEqual(await runner.run('prepareConformance', { name: 'default' }, id), {
      location: 'default',
      scratch,
      url: `memory://bucket/${scratch}`,
      checks: objectStoreChecks.map(({ title }) => title),
      searchAttributes: true,
    });
  });

  it('has no scratch folder where the location is read-only, and other checks', async () => {
    assert.deepEqual(await runner.run('prepareConformance', { name: 'vault' }, workflow('check-conformance/vault')), {
      location: 'vault',
      url: 'memory://bucket',
      checks: readOnlyObjectStoreChecks.map(({ title }) => title),
      searchAttributes: true,
    });
  });

  it('tells all that is wrong with a request', async () => {
    const request = { name: 'nowhere', force: true } as never;
    await assert.rejects(runner.run('prepareConformance', request, id), {
      type: 'InvalidSpec',
      message: [
        'force: unknown field; expected name',
        'workflow id: expected check-conformance/nowhere, got check-conformance/default',
        'name: no storage location is named nowhere; known are: default, vault',
      ].join('; '),
    });
    await assert.rejects(runner.run('prepareConformance', undefined as never, id), { type: 'InvalidSpec' });
  });

  it('fails with what opening met', async () => {
    const closed = new ActivityRunner({
      openStore: async () => {
        throw new BowlineError('InvalidConfig', 'aws object store: config has invalid keys [zone]');
      },
    });
    await assert.rejects(closed.run('prepareConformance', { name: 'default' }, id), {
      type: 'InvalidConfig',
      message: 'aws object store: config has invalid keys [zone]',
    });
  });
});

describe('verifyCheck', () => {
  const neighbours = ['backups/a/velero-backup.json', `${scratch}1-10/a`, 'plugins/other/a'];

  async function holding(store: MemoryStore): Promise<ActivityRunner> {
    for (const key of neighbours) await store.putObject(key, Buffer.from('theirs'));
    const open = async (): Promise<MemoryStore> => store;
    return new ActivityRunner({ store: open, openStore: open });
  }

  for (const [index, { title }] of objectStoreChecks.entries())
    it(`leaves nothing, and touches nothing of others: ${title}`, async () => {
      const store = new MemoryStore();
      const runner = await holding(store);
      const written: string[] = [];
      store.beforePut = (key) => void written.push(key);
      assert.deepEqual(await runner.run('verifyCheck', { prepared, title, index }, { ...id, attempt: 2 }), {
        title,
        outcome: 'passed',
      });
      assert.deepEqual(store.keys(), [...neighbours].sort());
      for (const key of written) assert.ok(key.startsWith(`${scratch}${index + 1}-2/`), key);
    });

  for (const [index, { title }] of readOnlyObjectStoreChecks.entries())
    it(`writes nothing in a read-only location: ${title}`, async () => {
      const store = new MemoryStore();
      const runner = await holding(store);
      store.beforePut = assert.fail;
      const input = { prepared: { location: 'vault' }, title, index };
      assert.equal((await runner.run('verifyCheck', input, id)).outcome, 'passed');
      assert.deepEqual(store.keys(), [...neighbours].sort());
    });

  /** A store that refuses some calls. */
  function refusing(
    code: ErrorCode,
    ...methods: readonly ('putObject' | 'getObject' | 'deleteObject' | 'statObject')[]
  ) {
    const refuse = async (): Promise<never> => {
      throw new BowlineError(code, `s3://b/k: 403 ${code}`);
    };
    const store = withMethods(new MemoryStore(), Object.fromEntries(methods.map((method) => [method, refuse])));
    return new ActivityRunner({ store: async () => store });
  }

  for (const { what, runner, message } of [
    { what: 'writes', runner: refusing('AccessDenied', 'putObject'), message: 'it may not be written to' },
    { what: 'reads', runner: refusing('AccessDenied', 'getObject'), message: 'it may not be read' },
    {
      what: 'deletions',
      runner: refusing('AccessDenied', 'deleteObject'),
      message: 'what is in it may not be deleted, or is locked',
    },
  ])
    it(`says what is missing where ${what} are refused`, async () => {
      assert.deepEqual(await runner.run('verifyCheck', { prepared, title: access, index: 0 }, id), {
        title: access,
        outcome: 'failed',
        message: `${message}: s3://b/k: 403 AccessDenied`,
      });
    });

  it('ends, with a result, whatever a store refuses', async () => {
    for (const [index, { title }] of objectStoreChecks.entries()) {
      const runner = refusing('AccessDenied', 'putObject', 'getObject', 'deleteObject', 'statObject');
      const { outcome } = await runner.run('verifyCheck', { prepared, title, index }, id);
      assert.ok(outcome === 'passed' || outcome === 'failed', title);
    }
  });

  it('shows no more of a difference than people read', async () => {
    const store = withMethods(new MemoryStore(), { async *listObjects() {} });
    const runner = new ActivityRunner({ store: async () => store });
    const title = 'a list may be longer than a page, and so may the list of common prefixes';
    const { outcome, message = '' } = await runner.run('verifyCheck', { prepared, title, index: 40 }, id);
    assert.equal(outcome, 'failed');
    assert.ok(message.length > 100 && message.length <= 1_000, `${message.length}`);
  });

  it("tells nothing of an error's details, which may hold a request", async () => {
    const detail = 'Authorization: secret';
    const statObject = async (): Promise<never> => {
      throw new BowlineError('AccessDenied', 'stat s3://b/k: 403', { detail, cause: new Error(detail) });
    };
    const store = withMethods(new MemoryStore(), { statObject });
    const runner = new ActivityRunner({ store: async () => store });
    for (const [index, { title }] of objectStoreChecks.entries()) {
      const { message = '' } = await runner.run('verifyCheck', { prepared, title, index }, id);
      assert.ok(!message.includes('secret'), `${title}: ${message}`);
    }
  });

  it('is tried again after a fault that may pass', async () => {
    const runner = refusing('Throttled', 'putObject');
    await assert.rejects(runner.run('verifyCheck', { prepared, title: access, index: 0 }, id), {
      type: 'Throttled',
      nonRetryable: false,
    });
  });

  it('knows no check that it does not have', async () => {
    const input = { prepared, title: 'a new promise', index: 0 };
    await assert.rejects(new ActivityRunner().run('verifyCheck', input, id), {
      type: 'Unsupported',
      message: 'check a new promise: this worker does not know it',
    });
  });
});

describe('deleteScratch', () => {
  it("removes the run's scratch folder alone, and may be repeated", async () => {
    const runner = new ActivityRunner();
    for (const key of [`${scratch}1-1/a`, `${scratch}2-1/b/c`, 'plugins/bowline-validate-2-run/1-1/a', 'backups/a'])
      await runner.store.putObject(key, new Uint8Array());
    for (const _ of [1, 2]) await runner.run('deleteScratch', prepared);
    assert.deepEqual(runner.store.keys(), ['backups/a', 'plugins/bowline-validate-2-run/1-1/a']);
  });

  it('removes nothing of a location that is only read', async () => {
    const runner = new ActivityRunner();
    await runner.store.putObject('backups/a', new Uint8Array());
    await runner.run('deleteScratch', { location: 'default' });
    assert.deepEqual(runner.store.keys(), ['backups/a']);
  });
});
