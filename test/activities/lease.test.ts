import assert from 'node:assert/strict';
import { activityInfo } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { activitySignal, assertLease, leaseInterceptors, leaseIsLost } from '../../src/activities/lease.ts';
import { openStaging } from '../../src/activities/staging.ts';
import { BowlineError } from '../../src/api/errors.ts';
import type { RunRef } from '../../src/api/run.ts';
import { activityEnvironment } from '../support/activity-environment.ts';
import { MemoryStore } from '../support/memory-store.ts';

const run: RunRef = { kind: 'backup', name: 'nightly', uid: 'uid-1', location: 'default', staging: 'default' };

describe('lease', () => {
  let now: number;
  let environment: MockActivityEnvironment;

  beforeEach(() => {
    now = 1_000_000;
    environment = activityEnvironment({}, [leaseInterceptors({ now: () => now })]);
  });

  it('is held by an attempt that goes on working', async () => {
    await environment.run(async () => {
      now += 8_000;
      assertLease();
      assert.equal(activitySignal().aborted, false);
    });
  });

  it('is lost by an attempt that was suspended for longer than eight seconds, and never comes back', async () => {
    await environment.run(async () => {
      const signal = activitySignal();
      now += 8_001;
      assert.throws(assertLease, { code: 'Interrupted' });
      assert.equal(signal.aborted, true);
      now -= 8_001;
      assert.equal(leaseIsLost(), true);
      assert.equal(activitySignal().aborted, true);
    });
  });

  it('keeps a suspended attempt from writing to staging', async () => {
    const store = new MemoryStore();
    const suspended = environment.run(async () => {
      const staging = await openStaging({ store: async () => store }, run);
      now += 9_000;
      await staging.write('collect-0', Buffer.from('late'));
    });
    await assert.rejects(suspended, { type: 'Interrupted', nonRetryable: false });
    assert.deepEqual(store.keys(), []);
  });

  it('takes back what was written while the attempt was suspended', async () => {
    const store = new MemoryStore();
    store.beforePut = () => {
      now += 9_000;
    };
    const suspended = environment.run(async () => {
      const staging = await openStaging({ store: async () => store }, run);
      await staging.write('collect-0', Buffer.from('late'));
    });
    await assert.rejects(suspended, { type: 'Interrupted' });
    assert.deepEqual(store.keys(), []);
  });

  it('takes back what was written before the suspension, too', async () => {
    const store = new MemoryStore();
    const suspended = environment.run(async () => {
      const staging = await openStaging({ store: async () => store }, run);
      await staging.write('collect-0', Buffer.from('early'));
      now += 9_000;
      assertLease();
    });
    await assert.rejects(suspended, { type: 'Interrupted' });
    assert.deepEqual(store.keys(), []);
  });

  /** Puts a mark of a hook and goes on, in an attempt that is suspended at some point. */
  async function markAndSuspend(store: MemoryStore, suspendedWhile: 'it puts the mark' | 'it goes on'): Promise<void> {
    const suspend = () => {
      now += 9_000;
    };
    if (suspendedWhile === 'it puts the mark') store.beforePut = suspend;
    const suspended = environment.run(async () => {
      const staging = await openStaging({ store: async () => store }, run);
      await staging.mark('hook-0');
      suspend();
      assertLease();
    });
    await assert.rejects(suspended, { type: 'Interrupted' });
  }

  it('takes back a mark that was put while the attempt was suspended: nothing has followed it', async () => {
    const store = new MemoryStore();
    await markAndSuspend(store, 'it puts the mark');
    assert.deepEqual(store.keys(), []);
  });

  it('keeps a mark that was put in time: what it tells of may have been done', async () => {
    const store = new MemoryStore();
    await markAndSuspend(store, 'it goes on');
    assert.equal(store.keys().length, 1);
  });

  it('keeps the mark of another attempt', async () => {
    const store = new MemoryStore();
    await activityEnvironment({ attempt: 2 }).run(async () =>
      (await openStaging({ store: async () => store }, run)).mark('hook-0'),
    );
    await markAndSuspend(store, 'it puts the mark');
    assert.equal(store.keys().length, 1);
  });

  it('keeps what an attempt has written that fails, or is cancelled, without having lost it', async () => {
    const store = new MemoryStore();
    const failing = environment.run(async () => {
      const staging = await openStaging({ store: async () => store }, run);
      await staging.write('collect-0', Buffer.from('early'));
      throw new BowlineError('Unavailable', 'list pods: 503');
    });
    await assert.rejects(failing, { type: 'Unavailable' });
    assert.equal(store.keys().length, 1);
  });

  /** Runs an activity that comes so long after it was handed out; tells of which tasks Temporal was asked, and what was done. */
  async function runLate(ms: number, confirm: () => Promise<void> = async () => undefined) {
    const story: string[] = [];
    const late = activityEnvironment(
      { taskToken: Buffer.from('task-7'), currentAttemptScheduledTimestampMs: now - ms },
      [
        leaseInterceptors({
          now: () => now,
          async confirm(taskToken) {
            story.push(`asked of ${Buffer.from(taskToken).toString()}`);
            await confirm();
          },
        }),
      ],
    );
    const outcome = await late
      .run(async () => story.push(leaseIsLost() ? 'lost' : 'held'))
      .catch((error: Error) => error);
    return { story, outcome };
  }

  it('is taken for granted by an attempt that comes in time', async () => {
    assert.deepEqual((await runLate(5_000)).story, ['held']);
  });

  it('is confirmed before an attempt that comes late does anything', async () => {
    assert.deepEqual((await runLate(5_001)).story, ['asked of task-7', 'held']);
  });

  it('is not had by an attempt that Temporal has given up by the time it comes', async () => {
    const { story, outcome } = await runLate(60_000, () => Promise.reject(new Error('no such activity')));
    assert.deepEqual(story, ['asked of task-7']);
    assert.equal((outcome as { type?: string }).type, 'Interrupted');
  });

  it('counts from before the question, not from its answer', async () => {
    const { story } = await runLate(60_000, async () => {
      now += 8_001;
    });
    assert.deepEqual(story, ['asked of task-7', 'lost']);
  });

  it('is asked by nobody outside of a worker', async () => {
    await activityEnvironment().run(async () => {
      now += 9_000;
      assertLease();
      assert.equal(activitySignal().aborted, false);
    });
  });

  it('lets an activity that is cancelled end as cancelled, whatever the interrupted call made of it', async () => {
    const cancelled = environment.run(async () => {
      environment.cancel();
      assert.equal(activitySignal().aborted, true);
      throw new BowlineError('Interrupted', 'list pods: interrupted');
    });
    await assert.rejects(cancelled, CancelledFailure);
  });

  it('makes failures with codes of errors, and passes results on', async () => {
    assert.equal(await environment.run(async () => activityInfo().attempt), 1);
    const failing = environment.run(async () => {
      throw new BowlineError('NotFound', 'get pods shop/web: 404 NotFound');
    });
    await assert.rejects(failing, { type: 'NotFound', nonRetryable: true });
  });
});
