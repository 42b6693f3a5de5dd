import assert from 'node:assert/strict';
import type { BackupHooks, BackupResourceHooks } from '../../src/api/backup.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { backupHooks, type PodHooks } from '../../src/selection/backup-hooks.ts';

interface PodOptions {
  readonly annotations?: Record<string, unknown>;
  readonly labels?: Record<string, string>;
  readonly phase?: string;
  readonly spec?: object;
}

function pod({ annotations = {}, labels = {}, phase = 'Running', spec }: PodOptions = {}): Unstructured {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db', namespace: 'shop', labels, annotations: annotations as Record<string, string> },
    spec: spec ?? { containers: [{ name: 'main' }, { name: 'side' }] },
    status: { phase },
  };
}

const resolve = (name: string): string | undefined => ({ po: 'pods', pod: 'pods', pods: 'pods' })[name];

function hooksOf(options: PodOptions, hooks?: BackupHooks | null): PodHooks {
  return backupHooks(hooks, resolve)(pod(options));
}

/** An entry of the spec, by what a test is about. */
function entry(members: Partial<BackupResourceHooks> = {}): BackupResourceHooks {
  return { name: 'freeze', pre: [{ exec: { command: ['freeze'] } }], ...members };
}

/** The programs of both phases. */
function programs({ pre, post }: PodHooks): string[] {
  return [
    ...pre.map(({ command }) => `pre ${command.join(' ')}`),
    ...post.map(({ command }) => `post ${command.join(' ')}`),
  ];
}

const annotated = (phase: string, members: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [`${phase}hook.backup.velero.io/${key}`, value]));

describe('the hooks of a backup', () => {
  describe('that a pod names in its annotations', () => {
    it('a.5.3 have defaults: the first container, half a minute, and a failure that counts', () => {
      assert.deepEqual(hooksOf({ annotations: annotated('pre.', { command: 'freeze' }) }), {
        pre: [{ source: 'annotation', container: 'main', command: ['freeze'], onError: 'Fail', timeoutMs: 30_000 }],
        post: [],
      });
    });

    it('say all of it', () => {
      const members = { command: '["sh", "-c", "thaw"]', container: 'side', 'on-error': 'Continue', timeout: '1m30s' };
      assert.deepEqual(hooksOf({ annotations: annotated('post.', members) }).post, [
        {
          source: 'annotation',
          container: 'side',
          command: ['sh', '-c', 'thaw'],
          onError: 'Continue',
          timeoutMs: 90_000,
        },
      ]);
    });

    const cases: { title: string; annotations: Record<string, unknown>; expected: string[]; warnings?: string[] }[] = [
      { title: 'are none without a command', annotations: annotated('pre.', { container: 'main' }), expected: [] },
      { title: 'are none with an empty command', annotations: annotated('pre.', { command: '' }), expected: [] },
      {
        title: 'count before only, where the keys are the old ones',
        annotations: annotated('', { command: 'old' }),
        expected: ['pre old'],
      },
      {
        title: 'are the new ones where there are both, and nothing is taken from the old ones',
        annotations: { ...annotated('', { command: 'old', timeout: 'x' }), ...annotated('pre.', { command: 'new' }) },
        expected: ['pre new'],
      },
      {
        title: 'are the old ones where the new command is empty',
        annotations: { ...annotated('', { command: 'old' }), ...annotated('pre.', { command: '' }) },
        expected: ['pre old'],
      },
      {
        title: 'may be of both phases',
        annotations: { ...annotated('pre.', { command: 'a' }), ...annotated('post.', { command: 'b' }) },
        expected: ['pre a', 'post b'],
      },
      {
        title: 'are none where a command is no text',
        annotations: { 'pre.hook.backup.velero.io/command': 7 },
        expected: [],
      },
      {
        title: 'take the default, with a warning, for a timeout that is none',
        annotations: annotated('pre.', { command: 'a', timeout: '30 seconds' }),
        expected: ['pre a'],
        warnings: ['Annotation pre.hook.backup.velero.io/timeout is no duration; the default is taken'],
      },
      {
        title: 'take the default, with a warning, for a negative timeout',
        annotations: annotated('post.', { command: 'a', timeout: '-1s' }),
        expected: ['post a'],
        warnings: ['Annotation post.hook.backup.velero.io/timeout is no duration; the default is taken'],
      },
    ];
    for (const { title, annotations, expected, warnings = [] } of cases) {
      it(title, () => {
        const hooks = hooksOf({ annotations });
        assert.deepEqual(programs(hooks), expected);
        assert.deepEqual(
          [...hooks.pre, ...hooks.post].flatMap((hook) => hook.warnings ?? []),
          warnings,
        );
        for (const { timeoutMs } of [...hooks.pre, ...hooks.post]) assert.equal(timeoutMs, 30_000);
      });
    }

    it('take the default for zero seconds, and for a word that on-error does not know', () => {
      const { pre } = hooksOf({
        annotations: annotated('pre.', { command: 'a', timeout: '0s', 'on-error': 'ignore' }),
      });
      assert.deepEqual([pre[0]?.timeoutMs, pre[0]?.onError, pre[0]?.warnings], [30_000, 'Fail', undefined]);
    });

    it('a.5.1 win over those of the spec, phase by phase', () => {
      const spec = { resources: [entry({ post: [{ exec: { command: ['thaw'] } }] })] };
      const hooks = hooksOf({ annotations: annotated('pre.', { command: 'own' }) }, spec);
      assert.deepEqual(programs(hooks), ['pre own', 'post thaw']);
    });
  });

  describe('that the spec names', () => {
    it('a.5.2 run in the order of the entries and of their lists', () => {
      const exec = (command: string) => ({ exec: { command: [command] } });
      const spec = {
        resources: [
          entry({ pre: [exec('a'), exec('b')], post: [exec('x')] }),
          entry({ pre: null, post: [exec('y'), {}] }),
          entry({ pre: [exec('c'), { exec: null }] }),
        ],
      };
      assert.deepEqual(programs(hooksOf({}, spec)), ['pre a', 'pre b', 'pre c', 'post x', 'post y']);
    });

    it('say all of it, and where they come from', () => {
      const exec = { container: 'side', command: ['a'], onError: 'Continue' as const, timeout: '2m' };
      const { pre } = hooksOf({}, { resources: [entry({ name: '', pre: [{ exec }] })] });
      assert.deepEqual(pre, [
        { source: 'hooks.resources[0]', container: 'side', command: ['a'], onError: 'Continue', timeoutMs: 120_000 },
      ]);
    });

    const matching: { title: string; selector: Partial<BackupResourceHooks>; matches: boolean }[] = [
      { title: 'every pod without a filter', selector: {}, matches: true },
      { title: 'a namespace by name', selector: { includedNamespaces: ['shop'] }, matches: true },
      { title: 'a namespace by glob', selector: { includedNamespaces: ['sh*'] }, matches: true },
      { title: 'not another namespace', selector: { includedNamespaces: ['web'] }, matches: false },
      { title: 'not an excluded namespace', selector: { excludedNamespaces: ['s*'] }, matches: false },
      { title: 'pods by a short name', selector: { includedResources: ['po'] }, matches: true },
      { title: 'not other resources', selector: { includedResources: ['deployments'] }, matches: false },
      { title: 'not where pods are excluded', selector: { excludedResources: ['pods'] }, matches: false },
      { title: 'labels', selector: { labelSelector: { matchLabels: { app: 'db' } } }, matches: true },
      { title: 'not other labels', selector: { labelSelector: { matchLabels: { app: 'web' } } }, matches: false },
      {
        title: 'only what all filters match',
        selector: { includedNamespaces: ['shop'], labelSelector: { matchLabels: { app: 'web' } } },
        matches: false,
      },
      {
        title: 'every pod where filters are null',
        selector: { includedNamespaces: null, labelSelector: null },
        matches: true,
      },
    ];
    for (const { title, selector, matches } of matching) {
      it(`a.5.2 select ${title}`, () => {
        const hooks = hooksOf({ labels: { app: 'db' } }, { resources: [entry(selector)] });
        assert.equal(hooks.pre.length === 1, matches);
      });
    }

    it('are none without any', () => {
      for (const none of [undefined, null, {}, { resources: null }, { resources: [] }])
        assert.deepEqual(programs(hooksOf({}, none)), []);
    });
  });

  for (const phase of ['Succeeded', 'Failed']) {
    it(`a.5.6 are none for a pod that has ${phase}`, () => {
      assert.deepEqual(programs(hooksOf({ phase, annotations: annotated('pre.', { command: 'a' }) })), []);
    });
  }

  it('are run in a pod that is pending, and fail there', () => {
    assert.equal(hooksOf({ phase: 'Pending' }, { resources: [entry()] }).pre.length, 1);
  });

  const problems: { title: string; options: PodOptions; exec?: object; problem: string | undefined }[] = [
    {
      title: 'a container that is not there',
      options: {},
      exec: { container: 'x', command: ['a'] },
      problem: 'no such container',
    },
    { title: 'a pod without containers', options: { spec: {} }, problem: 'no such container' },
    {
      title: 'a pod whose containers are none',
      options: { spec: { containers: [null, 7, { name: 1 }] } },
      problem: 'no such container',
    },
    { title: 'no command', options: { annotations: annotated('pre.', { command: '[]' }) }, problem: 'no command' },
    {
      title: 'nothing, where the container is a sidecar',
      options: { spec: { containers: [{ name: 'main' }], initContainers: [{ name: 'log', restartPolicy: 'Always' }] } },
      exec: { container: 'log', command: ['a'] },
      problem: undefined,
    },
    {
      title: 'a container that has ended before the others began',
      options: { spec: { containers: [{ name: 'main' }], initContainers: [{ name: 'init' }] } },
      exec: { container: 'init', command: ['a'] },
      problem: 'no such container',
    },
  ];
  for (const { title, options, exec = { command: ['a'] }, problem } of problems) {
    it(`tell beforehand of ${title}`, () => {
      const spec = { resources: [entry({ pre: [{ exec: exec as { command: string[] } }] })] };
      assert.equal(hooksOf(options, spec).pre[0]?.problem, problem);
    });
  }
});
