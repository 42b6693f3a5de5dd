import assert from 'node:assert/strict';
import type { RestoreHook, RestoreHooks } from '../../src/api/restore.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { restoreHooks, type RestoredPodHooks } from '../../src/selection/restore-hooks.ts';

const prefix = 'post.hook.restore.velero.io/';

function hooksOf(annotations: Record<string, string>, hooks?: RestoreHooks | null): RestoredPodHooks {
  const pod: Unstructured = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'db',
      namespace: 'shop-copy',
      labels: { app: 'db' },
      annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${prefix}${key}`, value])),
    },
    spec: { containers: [{ name: 'main' }, { name: 'side' }] },
  };
  return restoreHooks(hooks)(pod);
}

describe('the exec hooks of a restore', () => {
  it('(b.7) have defaults: the first container, half a minute, any wait, and a failure that stops nothing', () => {
    assert.deepEqual(hooksOf({ command: 'seed' }), {
      hooks: [
        {
          source: 'annotation',
          container: 'main',
          command: ['seed'],
          onError: 'Continue',
          timeoutMs: 30_000,
          waitForReady: false,
        },
      ],
      warnings: [],
    });
  });

  it('(b.7) say all of it in annotations', () => {
    const { hooks } = hooksOf({
      command: '["sh", "-c", "seed"]',
      container: 'side',
      'on-error': 'Fail',
      'exec-timeout': '1m',
      'wait-timeout': '5m',
      'wait-for-ready': 'true',
    });
    assert.deepEqual(hooks, [
      {
        source: 'annotation',
        container: 'side',
        command: ['sh', '-c', 'seed'],
        onError: 'Fail',
        timeoutMs: 60_000,
        waitTimeoutMs: 300_000,
        waitForReady: true,
      },
    ]);
  });

  it('(b.7) say all of it in the spec, in the order of the entries', () => {
    const postHooks: RestoreHook[] = [
      {
        exec: {
          command: ['a'],
          container: 'side',
          onError: 'Fail',
          execTimeout: '1m',
          waitTimeout: '2m',
          waitForReady: true,
        },
      },
      { init: { initContainers: [] } },
      { exec: { command: ['b'] } },
    ];
    const { hooks } = hooksOf(
      {},
      { resources: [{ name: 'seed', postHooks }, { postHooks: [{ exec: { command: ['c'] } }] }] },
    );
    assert.deepEqual(
      hooks.map(({ source, container, command, onError, timeoutMs, waitTimeoutMs, waitForReady }) =>
        [source, container, command[0], onError, timeoutMs, waitTimeoutMs, waitForReady].join(' '),
      ),
      [
        'seed side a Fail 60000 120000 true',
        'seed main b Continue 30000  false',
        'hooks.resources[1] main c Continue 30000  false',
      ],
    );
  });

  it('(b.7) of annotations win over those of the spec', () => {
    const { hooks } = hooksOf({ command: 'own' }, { resources: [{ postHooks: [{ exec: { command: ['a'] } }] }] });
    assert.deepEqual(
      hooks.map(({ command }) => command[0]),
      ['own'],
    );
  });

  const matching = [
    { title: 'the namespace restored into', selector: { includedNamespaces: ['shop-copy'] }, matches: true },
    { title: 'not the one at the backup', selector: { includedNamespaces: ['shop'] }, matches: false },
    { title: 'labels', selector: { labelSelector: { matchLabels: { app: 'db' } } }, matches: true },
    { title: 'not other labels', selector: { labelSelector: { matchLabels: { app: 'web' } } }, matches: false },
    { title: 'without asking for resources', selector: { includedResources: ['deployments'] }, matches: true },
  ];
  for (const { title, selector, matches } of matching) {
    it(`select ${title}`, () => {
      const { hooks } = hooksOf({}, { resources: [{ ...selector, postHooks: [{ exec: { command: ['a'] } }] }] });
      assert.equal(hooks.length === 1, matches);
    });
  }

  it('(b.7) are left out, with a warning, for a container that the pod has not got', () => {
    const exec = (container: string) => ({ exec: { command: ['a'], container } });
    const { hooks, warnings } = hooksOf({}, { resources: [{ name: 'seed', postHooks: [exec('x'), exec('side')] }] });
    assert.deepEqual(
      hooks.map(({ container }) => container),
      ['side'],
    );
    assert.deepEqual(warnings, ['Hook seed is left out: the pod has no container x']);
  });

  it('without a command fail when they are due', () => {
    assert.equal(hooksOf({ command: '[]' }).hooks[0]?.problem, 'no command');
  });

  const unreadable = [
    { key: 'exec-timeout', value: 'soon', warning: 'is no duration; the default is taken' },
    { key: 'wait-timeout', value: '-5m', warning: 'is no duration; the default is taken' },
    { key: 'wait-for-ready', value: 'yes', warning: 'is neither true nor false; false is taken' },
  ];
  for (const { key, value, warning } of unreadable) {
    it(`take the default, with a warning, for ${key}: ${value}`, () => {
      const { hooks, warnings } = hooksOf({ command: 'a', [key]: value });
      assert.deepEqual(warnings, [`Annotation ${prefix}${key} ${warning}`]);
      assert.deepEqual(
        [hooks[0]?.timeoutMs, hooks[0]?.waitTimeoutMs, hooks[0]?.waitForReady],
        [30_000, undefined, false],
      );
    });
  }

  it('read truth as Go does', () => {
    const read = (value: string) => hooksOf({ command: 'a', 'wait-for-ready': value });
    for (const value of ['1', 't', 'T', 'true', 'TRUE', 'True']) assert.equal(read(value).hooks[0]?.waitForReady, true);
    for (const value of ['0', 'f', 'F', 'false', 'FALSE', 'False'])
      assert.deepEqual([read(value).hooks[0]?.waitForReady, read(value).warnings], [false, []]);
  });

  it('are none without any', () => {
    for (const none of [undefined, null, {}, { resources: null }]) assert.deepEqual(hooksOf({}, none).hooks, []);
  });
});
