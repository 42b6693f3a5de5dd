import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { BowlineError, type ErrorCode } from '../../src/api/errors.ts';
import { openStaging, type Staging } from '../../src/activities/staging.ts';
import type { RunRef, StagedRef } from '../../src/api/run.ts';
import { activityEnvironment } from '../support/activity-environment.ts';
import { MemoryStore } from '../support/memory-store.ts';

const run: RunRef = { kind: 'backup', name: 'nightly', uid: 'uid-1', location: 'default', staging: 'default' };

describe('staging', () => {
  let store: MemoryStore;

  beforeEach(() => {
    store = new MemoryStore();
  });

  /** Runs `work` as one attempt of an activity. */
  function attempt<T>(work: (staging: Staging) => Promise<T>, { number = 1, ofRun = run } = {}): Promise<T> {
    const workflowExecution = { workflowId: 'backup/nightly', runId: '0123456789ab' };
    const environment = activityEnvironment({ attempt: number, workflowExecution });
    return environment.run(async () => work(await openStaging({ store: async () => store }, ofRun)));
  }

  it("names a file by the run's uid, the step, the Temporal run and the attempt", async () => {
    const { key } = await attempt((staging) => staging.write('collect-0', Buffer.from('x')), { number: 3 });
    assert.equal(key, 'backups/nightly/staging/uid-1/collect-0-01234567-3');
    const ofRun: RunRef = { ...run, kind: 'restore', name: 'again' };
    const restored = await attempt((staging) => staging.write('apply-0', Buffer.from('x')), { ofRun });
    assert.equal(restored.key, 'restores/again/staging/uid-1/apply-0-01234567-1');
  });

  it('gives no two attempts the same key', async () => {
    const write = (staging: Staging) => staging.write('collect-0', Buffer.from('x'));
    const [first, second] = [await attempt(write), await attempt(write, { number: 2 })];
    assert.notEqual(first.key, second.key);
    assert.equal(first.sha256, second.sha256);
  });

  it('reads back what was written, each digit of a number too', async () => {
    const lines = ['{"a":1}', '{"b":12345678901234567890.10}', '[]'];
    const values = await attempt(async (staging) => staging.readLines(await staging.writeLines('report-1', lines)));
    assert.deepEqual(
      values.map((value) => JSON.stringify(value)),
      lines,
    );
    const none = await attempt(async (staging) => staging.readLines(await staging.writeLines('report-2', [])));
    assert.deepEqual(none, []);
  });

  it('reads many files in their order, some ahead of the one at hand but not all', async () => {
    const refs: StagedRef[] = [];
    for (let at = 0; at < 30; at++)
      refs.push(await attempt((staging) => staging.writeLines(`report-${at}`, [String(at)])));
    let asked = 0;
    const { getObject } = store;
    store.getObject = async (key, options) => {
      asked++;
      return getObject.call(store, key, options);
    };
    await attempt(async (staging) => {
      let at = 0;
      for await (const lines of staging.readEach(refs)) {
        assert.deepEqual(lines, [at++]);
        assert.ok(asked <= at + 8, `${asked} files asked for at the ${at}th`);
      }
      assert.equal(at, 30);
    });
  });

  /** Has the first readings of every file end in the middle: after `first`, which is by default no beginning of any. */
  function breakOff(times: number, code: ErrorCode, first: Uint8Array = Buffer.from('{')): void {
    const { getObject } = store;
    let broken = 0;
    store.getObject = async (key, options) => {
      const body = await getObject.call(store, key, options);
      if (broken++ >= times) return body;
      return Readable.from(
        (async function* () {
          yield first;
          throw new BowlineError(code, 'get: broke off');
        })(),
      );
    };
  }

  it('reads a file again that breaks off on the way', async () => {
    const ref = await attempt((staging) => staging.writeLines('report-1', ['{"a":1}']));
    breakOff(2, 'Unavailable');
    assert.deepEqual(await attempt((staging) => staging.readTexts(ref)), ['{"a":1}']);
  });

  const stream = (ref: StagedRef): Promise<Buffer> =>
    attempt(async (staging) => {
      const chunks: Buffer[] = [];
      for await (const chunk of staging.stream(ref)) chunks.push(chunk);
      return Buffer.concat(chunks);
    });

  it('streams a file, each byte once though it breaks off on the way', async () => {
    const content = Buffer.from('what a segment holds');
    const ref = await attempt((staging) => staging.write('segment-1', content));
    assert.deepEqual(await stream(ref), content);
    breakOff(2, 'Unavailable', content.subarray(0, 7));
    assert.deepEqual(await stream(ref), content);
  });

  it('gives up a stream that was spoilt before it broke off, to be repeated', async () => {
    const ref = await attempt((staging) => staging.write('segment-1', Buffer.from('what a segment holds')));
    breakOff(1, 'Unavailable', Buffer.from('that'));
    await assert.rejects(stream(ref), { code: 'Unavailable' });
  });

  it('gives up a stream that is spoilt throughout, or breaks off for the third time', async () => {
    const ref = await attempt((staging) => staging.write('segment-1', Buffer.from('what a segment holds')));
    breakOff(3, 'Unavailable', Buffer.from('what'));
    await assert.rejects(stream(ref), { code: 'Unavailable' });
    store.objects.set(ref.key, Buffer.from('that a segment holds'));
    await assert.rejects(stream(ref), { code: 'CorruptBackup' });
  });

  for (const { title, times, code } of [
    { title: 'that breaks off for the third time', times: 3, code: 'Unavailable' },
    { title: 'whose reading was interrupted', times: 1, code: 'Interrupted' },
  ] as const)
    it(`gives up a file ${title}`, async () => {
      const ref = await attempt((staging) => staging.writeLines('report-1', ['{"a":1}']));
      breakOff(times, code);
      await assert.rejects(
        attempt((staging) => staging.readTexts(ref)),
        { code },
      );
    });

  for (const [title, spoil] of [
    ['is cut off', (content: Buffer) => content.subarray(0, -1)],
    [
      'has one other bit',
      (content: Buffer) => Buffer.from(content.map((byte, index) => (index === 12 ? byte ^ 1 : byte))),
    ],
  ] as const) {
    it(`refuses a file that ${title}`, async () => {
      const ref = await attempt((staging) => staging.writeLines('report-1', ['{"a":1}', '{"b":2}']));
      store.objects.set(ref.key, spoil(store.objects.get(ref.key)!));
      await assert.rejects(
        attempt((staging) => staging.readLines(ref)),
        { code: 'CorruptBackup' },
      );
    });
  }

  describe('mark', () => {
    const mark = (staging: Staging) => staging.mark('hook-1');

    it('is put by one attempt alone', async () => {
      assert.deepEqual([await attempt(mark), await attempt(mark, { number: 2 })], [true, false]);
      assert.deepEqual(store.keys(), ['backups/nightly/staging/uid-1/hook-1-mark-01234567']);
    });

    it('may be put again by the attempt that has: the answer to the first try may be lost', async () => {
      assert.deepEqual([await attempt(mark), await attempt(mark)], [true, true]);
    });

    it('is free again when it was taken away', async () => {
      await attempt(mark);
      await attempt((staging) => staging.unmark('hook-1'));
      assert.equal(await attempt(mark, { number: 2 }), true);
    });
  });
});
