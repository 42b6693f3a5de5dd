import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseBenchArguments } from '../../tools/bench/arguments.ts';
import { mixture, namespaceNames, pods } from '../../tools/bench/mixture.ts';
import {
  median,
  peakRssMiB,
  percentile,
  summarize,
  summarizeActions,
  tableOf,
  type ActionsResult,
} from '../../tools/bench/statistics.ts';
import { SyntheticList, type PageRequest } from '../../tools/bench/synthetic-list.ts';

describe('bench: arguments', () => {
  it('measures 5,000 items once, by default', () => {
    const expected = { job: 'backup', items: 5_000, workers: 1, synthetic: false, runs: 1, seed: 1, json: false };
    assert.deepEqual(parseBenchArguments(['backup']), expected);
  });

  it('takes every option', () => {
    const args = 'delete --items 500 --workers 2 --synthetic --runs 3 --seed 7 --json --profiles here'.split(' ');
    const given = { items: 500, workers: 2, synthetic: true, runs: 3, seed: 7, json: true, profiles: 'here' };
    assert.deepEqual(parseBenchArguments(args), { job: 'delete', ...given });
  });

  it('measures snapshots of 900 volumes that take 8 seconds each, by default', () => {
    const expected = { job: 'snapshots', count: 900, providerSeconds: 8, json: false };
    assert.deepEqual(parseBenchArguments(['snapshots']), expected);
    const args = 'snapshots --count 9 --provider-seconds 1 --json --profiles here'.split(' ');
    const others = { job: 'snapshots', count: 9, providerSeconds: 1, json: true, profiles: 'here' };
    assert.deepEqual(parseBenchArguments(args), others);
  });

  it('kills 50 workers, by default', () => {
    assert.deepEqual(parseBenchArguments(['recovery']), { job: 'recovery', kills: 50, json: false });
    assert.deepEqual(parseBenchArguments(['recovery', '--kills', '3']), { job: 'recovery', kills: 3, json: false });
  });

  const known = 'backup, restore, delete, actions, snapshots or recovery';
  const refused = [
    { title: 'no job', args: [], message: `expected ${known}, got nothing` },
    {
      title: 'an unknown job',
      args: ['deletion'],
      message: `expected ${known}, got deletion`,
    },
    {
      title: 'no volumes',
      args: ['snapshots', '--count', '0'],
      message: '--count: expected a whole number from 1 on, got 0',
    },
    {
      title: 'no items',
      args: ['backup', '--items', '0'],
      message: '--items: expected a whole number from 1 on, got 0',
    },
    {
      title: 'half a run',
      args: ['backup', '--runs', '0.5'],
      message: '--runs: expected a whole number from 1 on, got 0.5',
    },
  ];
  for (const { title, args, message } of refused) {
    it(`refuses ${title}`, () => assert.throws(() => parseBenchArguments(args), { message }));
  }

  for (const args of [
    ['backup', '--fast'],
    ['snapshots', '--items', '3'],
    ['backup', 'restore'],
  ]) {
    it(`refuses what it does not know: ${args.join(' ')}`, () =>
      assert.throws(() => parseBenchArguments(args), new RegExp(args[1]!)));
  }
});

describe('bench: actions', function () {
  this.timeout(60_000);

  it('prints one line of JSON at the end, without any server', async () => {
    const main = fileURLToPath(new URL('../../tools/bench/main.ts', import.meta.url));
    const args = [main, 'actions', '--items', '40', '--runs', '2', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const lines = stdout.trimEnd().split('\n');
    const result = JSON.parse(lines[0]!) as ActionsResult;
    assert.equal(lines.length, 1);
    assert.deepEqual(Object.keys(result), [
      'items',
      'actions',
      'seconds',
      'cpuSeconds',
      'activityCpuSeconds',
      'itemsPerSecond',
    ]);
    assert.deepEqual([result.items, result.actions], [40, 5]);
    assert.ok(result.cpuSeconds > 0 && result.activityCpuSeconds > 0);
  });

  it('has the medians of several runs', () => {
    const run = { items: 100, actions: 5, cpuSeconds: 0.5, activityCpuSeconds: 2 };
    const runs = [
      { ...run, seconds: 4, activityCpuSeconds: 3 },
      { ...run, seconds: 1 },
      { ...run, seconds: 2, cpuSeconds: 0.12345 },
    ];
    assert.deepEqual(summarizeActions(runs), { ...run, seconds: 2, itemsPerSecond: 50 });
  });
});

describe('bench: statistics', () => {
  const cases = [
    { values: [3], expected: 3 },
    { values: [10, 9, 100], expected: 10 },
    { values: [1, 4, 2, 30], expected: 3 },
  ];
  for (const { values, expected } of cases) {
    it(`has ${expected} for the median of ${values.join(', ')}`, () => assert.equal(median(values), expected));
  }

  it('has no median of nothing', () => assert.throws(() => median([]), RangeError));

  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  for (const { values, percent, expected } of [
    { values: [3], percent: 99, expected: 3 },
    { values: hundred, percent: 50, expected: 50 },
    { values: hundred, percent: 99, expected: 99 },
    { values: hundred, percent: 100, expected: 100 },
  ]) {
    it(`has ${expected} for percentile ${percent} of ${values.length}`, () =>
      assert.equal(percentile(values, percent), expected));
  }

  it('has no percentile of nothing', () => assert.throws(() => percentile([], 50), RangeError));

  it('makes rates and ratios of medians, and history per 1,000 items', () => {
    const figures = { peakRssMiB: 300, cpuSeconds: 5, eventLoopDelayMs: 20, stepMs: [30] };
    const run = { items: 2_000, floorSeconds: 2, historyEvents: 90, historyBytes: 50_000, ...figures };
    const runs = [
      { ...run, seconds: 9, stepMs: [10, 20] },
      { ...run, seconds: 4, floorSeconds: 1.6 },
      { ...run, seconds: 3, peakRssMiB: 310.04 },
    ];
    assert.deepEqual(summarize(runs), {
      items: 2_000,
      seconds: 4,
      itemsPerSecond: 500,
      floorSeconds: 2,
      ratio: 2,
      historyEventsPer1000: 45,
      historyBytesPer1000: 25_000,
      stepMsP50: 20,
      stepMsP99: 30,
      peakRssMiB: 300,
      cpuSeconds: 5,
      eventLoopDelayMsP99: 20,
    });
  });

  it('reads the peak of a process, not its size at the time', () => {
    assert.equal(peakRssMiB('Name:\tnode\nVmPeak:\t 9000 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n'), 200);
  });

  it('does not take a status without a peak for no memory', () => {
    assert.throws(() => peakRssMiB('Name:\tnode\n'), /VmHWM/);
  });

  it('shows a line per number, in columns', () => {
    const figures = { stepMs: [1], peakRssMiB: 1, cpuSeconds: 1, eventLoopDelayMs: 1 };
    const one = { items: 1, seconds: 1, floorSeconds: 1, historyEvents: 1, historyBytes: 1, ...figures };
    const lines = tableOf(summarize([one])).split('\n');
    assert.equal(lines[0], 'items                 1');
    assert.equal(lines[5], 'historyEventsPer1000  1000');
  });
});

describe('bench: mixture', () => {
  const objects = [...mixture({ items: 1_000, seed: 1 })];

  it('is the same for the same seed', () => {
    assert.deepEqual([...mixture({ items: 1_000, seed: 1 })], objects);
  });

  it('is another one for another seed', () => {
    assert.notDeepEqual([...mixture({ items: 1_000, seed: 2 })], objects);
  });

  it('begins the same, whatever its length', () => {
    assert.deepEqual(
      [...mixture({ items: 100, seed: 1 })],
      objects.slice(0, [...mixture({ items: 100, seed: 1 })].length),
    );
  });

  it('counts what controllers make of its objects', () => {
    const total = objects.reduce((count, { followers }) => count + 1 + followers.length, 0);
    assert.ok(total >= 1_000 && total < 1_003, `${total}`);
  });

  it('gives no two objects of a kind the same name', () => {
    const keys = objects.map(({ object }) => `${object.kind} ${object.metadata.name}`);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('uses all of its namespaces, and no other', () => {
    const used = new Set(objects.map(({ object }) => object.metadata.namespace));
    assert.deepEqual(
      [...used].toSorted((a = '', b = '') => a.localeCompare(b)),
      namespaceNames('bench'),
    );
  });

  it('holds few services, for their addresses are few', () => {
    const services = objects.filter(({ object }) => object.kind === 'Service').length;
    assert.ok(services > 0 && services < objects.length * 0.04, `${services}`);
  });

  it('makes pods alone, the same ones for the same seed', () => {
    const made = pods({ items: 50, seed: 3 });
    assert.deepEqual(made, pods({ items: 50, seed: 3 }));
    assert.deepEqual(new Set(made.map(({ kind }) => kind)), new Set(['Pod']));
    assert.equal(new Set(made.map(({ metadata }) => metadata.name)).size, 50);
  });
});

describe('bench: synthetic list', () => {
  const pod = (name: string, namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: { nodeName: 'n' },
  });
  const list = new SyntheticList([pod('a-0', 'x'), pod('b-1', 'y')], 5);
  const pageOf = (request: PageRequest) =>
    JSON.parse(list.page(request)) as {
      metadata: { continue?: string; remainingItemCount?: number };
      items: { metadata: { name: string; namespace: string; labels: { app: string }; managedFields: unknown[] } }[];
    };

  it('gives every object once, page by page, each by a name of its own', () => {
    const names: string[] = [];
    let from = 0;
    for (let pages = 1; ; pages++) {
      const { metadata, items } = pageOf({ from, limit: 2 });
      names.push(...items.map((item) => item.metadata.name));
      if (metadata.continue === undefined) {
        assert.deepEqual(names, ['a-0', 'a-0-1', 'a-0-2', 'b-1', 'b-1-4']);
        assert.equal(pages, 3);
        return;
      }
      from = Number(metadata.continue);
      assert.equal(metadata.remainingItemCount, 5 - from);
    }
  });

  it('writes the name wherever the object says its own', () => {
    const [item] = pageOf({ from: 2, limit: 1 }).items;
    assert.equal(item?.metadata.labels.app, 'a-0-2');
    assert.equal(item?.metadata.managedFields.length, 1);
  });

  it('says once of what kind they are', () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'a', namespace: 'x' } };
    const page = new SyntheticList([role], 1).page({ from: 0, limit: 1 });
    const { kind, apiVersion, items } = JSON.parse(page) as { kind: string; apiVersion: string; items: object[] };
    assert.deepEqual([kind, apiVersion], ['RoleList', 'rbac.authorization.k8s.io/v1']);
    assert.deepEqual(items.flatMap(Object.keys), ['metadata']);
  });

  it('gives the objects of one namespace on one page', () => {
    const { metadata, items } = pageOf({ from: 0, limit: 1, namespace: 'y' });
    assert.deepEqual(
      items.map((item) => item.metadata.name),
      ['b-1', 'b-1-4'],
    );
    assert.equal(metadata.continue, undefined);
  });
});
