import assert from 'node:assert/strict';
import type { AwaitContainersInput, AwaitedContainers } from '../../src/activities/await-containers.ts';
import type { PreparedRestore } from '../../src/activities/prepare-restore.ts';
import type { RestoredHook, RestoredPod } from '../../src/activities/restored-pods.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

interface Status {
  readonly phase?: string;
  readonly containerStatuses?: object[];
  readonly initContainerStatuses?: object[];
}

const minuteMs = 60_000;
const running = (name: string, ready = false) => ({ name, ready, state: { running: {} } });
const waiting = (name: string) => ({ name, ready: false, state: { waiting: {} } });

function hook(members: Partial<RestoredHook> = {}): RestoredHook {
  return { index: 0, timeoutMs: 1_000, waitForReady: false, stops: false, ...members };
}

function pod(name: string, containers: Record<string, RestoredHook[]> = { main: [hook()] }): RestoredPod {
  return {
    namespace: 'copy',
    name,
    from: 'shop',
    containers: Object.entries(containers).map(([container, hooks]) => ({ name: container, hooks })),
  };
}

describe('awaitContainers', () => {
  let runner: ActivityRunner;
  let prepared: PreparedRestore;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    prepared = await runner.prepareRestore();
  });

  function hold(
    name: string,
    status: Status,
    labels: Record<string, string> = { 'velero.io/restore-uid': '1-run' },
  ): void {
    runner.cluster.hold(object('v1 Pod', `copy/${name}`, { metadata: { labels }, status }));
  }

  async function inputOf(
    pods: RestoredPod[],
    others: Partial<AwaitContainersInput> = {},
  ): Promise<AwaitContainersInput> {
    const { run, plan } = prepared;
    const since = runner.now.getTime();
    return { run, plan, pods: await runner.stage(pods), since, limitMs: 60 * minuteMs, begun: [], ...others };
  }

  async function wait(
    pods: RestoredPod[],
    { waitedMs = 0, ...others }: Partial<AwaitContainersInput> & { waitedMs?: number } = {},
  ): Promise<AwaitedContainers> {
    const scheduledTimestampMs = runner.now.getTime() - waitedMs;
    return runner.run('awaitContainers', await inputOf(pods, others), { scheduledTimestampMs });
  }

  const keys = ({ up }: AwaitedContainers): string[] => up.map(({ key }) => key);

  it('(b.7) ends with the containers that run, and their hooks', async () => {
    hold('a', { containerStatuses: [waiting('other'), running('main')] });
    hold('b', { containerStatuses: [waiting('main')] });
    assert.deepEqual(
      await wait([pod('b'), pod('a', { main: [hook(), hook({ index: 2 })], other: [hook({ index: 1 })] })]),
      {
        up: [
          {
            key: '1/main',
            namespace: 'copy',
            name: 'a',
            from: 'shop',
            container: 'main',
            hooks: [hook(), hook({ index: 2 })],
          },
        ],
        over: [],
      },
    );
  });

  it('looks at none that has been begun', async () => {
    hold('a', { containerStatuses: [running('main'), running('side')] });
    const pods = [pod('a', { main: [hook()], side: [hook({ index: 1 })] })];
    assert.deepEqual(keys(await wait(pods, { begun: ['0/main'] })), ['0/side']);
    assert.deepEqual(await wait(pods, { begun: ['0/main', '0/side'] }), { up: [], over: [] });
  });

  it('takes a sidecar for a container', async () => {
    hold('a', { initContainerStatuses: [running('log')] });
    assert.deepEqual(keys(await wait([pod('a', { log: [hook()] })])), ['0/log']);
  });

  it('(b.7) waits for one to be ready where one of its hooks wants that', async () => {
    const pods = [pod('a', { main: [hook(), hook({ index: 1, waitForReady: true })] })];
    hold('a', { containerStatuses: [running('main')] });
    await assert.rejects(wait(pods), { type: 'Pending' });
    hold('a', { containerStatuses: [running('main', true)] });
    assert.deepEqual(keys(await wait(pods)), ['0/main']);
  });

  it('waits by a failure that says for what, and looks the less often the longer it takes', async () => {
    hold('a', {});
    hold('b', {});
    const pods = [pod('a'), pod('b')];
    await assert.rejects(wait(pods), {
      type: 'Pending',
      nonRetryable: false,
      nextRetryDelay: 500,
      message: '2 containers with hooks are not up yet, such as main of copy/a',
    });
    await assert.rejects(wait(pods, { waitedMs: minuteMs }), { nextRetryDelay: 3_000 });
    await assert.rejects(wait(pods, { waitedMs: 60 * minuteMs }), { nextRetryDelay: 10_000 });
  });

  const over: { title: string; hold: () => void; ageMs?: number; reason: string }[] = [
    { title: 'a pod that is gone', hold: () => undefined, reason: 'the pod is gone' },
    { title: "a pod that is not the restore's own any more", hold: () => hold('a', {}, {}), reason: 'the pod is gone' },
    {
      title: 'a pod that has succeeded',
      hold: () => hold('a', { phase: 'Succeeded' }),
      reason: 'the pod has succeeded',
    },
    { title: 'a pod that has failed', hold: () => hold('a', { phase: 'Failed' }), reason: 'the pod has failed' },
    { title: 'a time that is up', hold: () => hold('a', {}), ageMs: 60 * minuteMs, reason: 'it was not up in time' },
  ];
  for (const { title, hold: prepare, ageMs = 0, reason } of over) {
    it(`ends with ${title}`, async () => {
      prepare();
      const awaited = await wait([pod('a')], { since: runner.now.getTime() - ageMs });
      assert.deepEqual(
        [awaited.up, awaited.over.map((container) => [container.key, container.reason])],
        [[], [['0/main', reason]]],
      );
    });
  }

  const limits: { title: string; hooks: RestoredHook[]; minutes: number }[] = [
    { title: 'the limit that it is told, without one of its own', hooks: [hook()], minutes: 60 },
    { title: 'its own limit', hooks: [hook({ waitTimeoutMs: 5 * minuteMs })], minutes: 5 },
    {
      title: 'the most patient of its hooks',
      hooks: [hook({ waitTimeoutMs: 5 * minuteMs }), hook({ waitTimeoutMs: 7 * minuteMs })],
      minutes: 7,
    },
    {
      title: 'the limit that it is told, if one of its hooks has none',
      hooks: [hook({ waitTimeoutMs: 90 * minuteMs }), hook()],
      minutes: 90,
    },
  ];
  for (const { title, hooks, minutes } of limits) {
    it(`waits for a pod as long as ${title}`, async () => {
      hold('a', {});
      const aged = (ms: number) => wait([pod('a', { main: hooks })], { since: runner.now.getTime() - ms });
      await assert.rejects(aged(minutes * minuteMs - 1), { type: 'Pending' });
      assert.equal((await aged(minutes * minuteMs)).over.length, 1);
    });
  }

  it('takes a container that is up though the time is', async () => {
    hold('a', { containerStatuses: [running('main')] });
    assert.equal((await wait([pod('a')], { since: 0 })).up.length, 1);
  });

  it('asks once for all pods of a namespace', async () => {
    hold('a', {});
    hold('b', {});
    await assert.rejects(wait([pod('a'), pod('b')]));
    assert.deepEqual(runner.cluster.requests, ['list pods/copy/']);
  });

  it('can tell what it still waits for without a look', async () => {
    const input = await inputOf([pod('a'), pod('b')], { begun: ['0/main'] });
    const remaining = await runner.run('remainingContainers', input);
    assert.deepEqual(
      remaining.map(({ key, name }) => [key, name]),
      [['1/main', 'b']],
    );
    assert.deepEqual(runner.cluster.requests, []);
  });
});

describe('reportUnrunHooks', () => {
  it('makes an error of each', async () => {
    const runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
    const { run, plan } = await runner.prepareRestore();
    const pods = [
      { namespace: 'shop', name: 'a', hooks: 2, reason: 'the pod is gone' },
      { namespace: 'shop', name: 'b', hooks: 1, reason: 'the pod has failed' },
    ];
    const report = await runner.run('reportUnrunHooks', { run, plan, step: 'unrun-1', pods });
    assert.equal(report.errors, 3);
    assert.deepEqual(
      runner.lines(report, 'log').map(({ item, message, error }) => `${item?.name} ${message}: ${error}`),
      [
        'a Hook was not run: the pod is gone',
        'a Hook was not run: the pod is gone',
        'b Hook was not run: the pod has failed',
      ],
    );
  });
});
