import assert from 'node:assert/strict';
import type { AwaitedContainers, WaitingPod } from '../../src/activities/await-containers.ts';
import type { RunRef } from '../../src/api/run.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

interface Status {
  readonly phase?: string;
  readonly containerStatuses?: object[];
  readonly initContainerStatuses?: object[];
}

const running = (name: string, ready = false) => ({ name, ready, state: { running: {} } });
const waiting = (name: string) => ({ name, ready: false, state: { waiting: {} } });

describe('awaitContainers', () => {
  let runner: ActivityRunner;
  let run: RunRef;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    ({ run } = await runner.prepareRestore());
  });

  function hold(
    name: string,
    status: Status,
    labels: Record<string, string> = { 'velero.io/restore-uid': '1-run' },
  ): void {
    runner.cluster.hold(object('v1 Pod', `shop/${name}`, { metadata: { labels }, status }));
  }

  function podThatWaits(name: string, { ready = false, container = 'main', minutes = 60 } = {}): WaitingPod {
    const until = runner.now.getTime() + minutes * 60_000;
    return { namespace: 'shop', name, containers: [{ name: container, ready }], until };
  }

  async function wait(pods: WaitingPod[], waitedMs = 0): Promise<AwaitedContainers> {
    const scheduledTimestampMs = runner.now.getTime() - waitedMs;
    return runner.run('awaitContainers', { run, pods }, { scheduledTimestampMs });
  }

  it('ends with the containers that run', async () => {
    hold('a', { containerStatuses: [waiting('other'), running('main')] });
    hold('b', { containerStatuses: [waiting('main')] });
    assert.deepEqual(await wait([podThatWaits('b'), podThatWaits('a')]), {
      up: [{ pod: 1, container: 'main' }],
      over: [],
    });
  });

  it('takes a sidecar for a container', async () => {
    hold('a', { initContainerStatuses: [running('log')] });
    assert.equal((await wait([podThatWaits('a', { container: 'log' })])).up.length, 1);
  });

  it('waits for those that are to be ready until they are', async () => {
    hold('a', { containerStatuses: [running('main')] });
    await assert.rejects(wait([podThatWaits('a', { ready: true })]), { type: 'Pending' });
    hold('a', { containerStatuses: [running('main', true)] });
    assert.equal((await wait([podThatWaits('a', { ready: true })])).up.length, 1);
  });

  it('waits by a failure that says for what, and looks the less often the longer it takes', async () => {
    hold('a', {});
    hold('b', {});
    const pods = [podThatWaits('a'), podThatWaits('b')];
    await assert.rejects(wait(pods), {
      type: 'Pending',
      nonRetryable: false,
      nextRetryDelay: 500,
      message: '2 pods have hooks and no container that is up, such as shop/a',
    });
    await assert.rejects(wait(pods, 60_000), { nextRetryDelay: 3_000 });
    await assert.rejects(wait(pods, 3_600_000), { nextRetryDelay: 10_000 });
  });

  const over: { title: string; hold: () => void; minutes?: number; reason: string }[] = [
    { title: 'a pod that is gone', hold: () => undefined, reason: 'the pod is gone' },
    { title: "a pod that is not the restore's own any more", hold: () => hold('a', {}, {}), reason: 'the pod is gone' },
    {
      title: 'a pod that has succeeded',
      hold: () => hold('a', { phase: 'Succeeded' }),
      reason: 'the pod has succeeded',
    },
    { title: 'a pod that has failed', hold: () => hold('a', { phase: 'Failed' }), reason: 'the pod has failed' },
    { title: 'a time that is up', hold: () => hold('a', {}), minutes: 0, reason: 'no container was up in time' },
  ];
  for (const { title, hold: prepare, minutes = 60, reason } of over) {
    it(`ends with ${title}`, async () => {
      prepare();
      assert.deepEqual(await wait([podThatWaits('a', { minutes })]), { up: [], over: [{ pod: 0, reason }] });
    });
  }

  it('takes a container that is up though the time is', async () => {
    hold('a', { containerStatuses: [running('main')] });
    assert.equal((await wait([podThatWaits('a', { minutes: -1 })])).up.length, 1);
  });

  it('asks once for all pods of a namespace', async () => {
    hold('a', {});
    hold('b', {});
    await assert.rejects(wait([podThatWaits('a'), podThatWaits('b')]));
    assert.deepEqual(runner.cluster.requests, ['list pods/shop/']);
  });
});

describe('reportUnrunHooks', () => {
  it('makes an error of each', async () => {
    const runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    const { run, plan } = await runner.prepareRestore();
    const pods = [
      { namespace: 'shop', name: 'a', hooks: 2 },
      { namespace: 'shop', name: 'b', hooks: 1 },
    ];
    const report = await runner.run('reportUnrunHooks', {
      run,
      plan,
      step: 'unrun-1',
      pods,
      reason: 'the pod is gone',
    });
    assert.equal(report.errors, 3);
    assert.deepEqual(
      runner.lines(report, 'log').map(({ item, message, error }) => `${item?.name} ${message}: ${error}`),
      ['a', 'a', 'b'].map((name) => `${name} Hook was not run: the pod is gone`),
    );
  });
});
