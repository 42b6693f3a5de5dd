import assert from 'node:assert/strict';
import { validateBackupSpec, validateRestoreSpec } from '../../src/selection/spec-validation.ts';

const exec = { command: ['freeze'] };

describe("what is wrong with a backup's hooks", () => {
  it('is nothing where every member is used', () => {
    const hooks = {
      resources: [
        {
          name: 'freeze',
          includedNamespaces: ['shop', 'app-*'],
          excludedNamespaces: null,
          includedResources: ['pods'],
          excludedResources: [],
          labelSelector: { matchLabels: { app: 'db' } },
          pre: [{ exec: { container: 'main', command: ['sh', '-c', 'freeze'], onError: 'Fail', timeout: '30s' } }],
          post: [{ exec: { command: ['thaw'], onError: '' } }],
        },
      ],
    };
    assert.deepEqual(validateBackupSpec({ hooks }), []);
  });

  for (const hooks of [null, {}, { resources: null }, { resources: [{ name: 'a', pre: null, labelSelector: null }] }])
    it(`is nothing where there are none: ${JSON.stringify(hooks)}`, () =>
      assert.deepEqual(validateBackupSpec({ hooks }), []));

  const cases: readonly [unknown, readonly (string | RegExp)[]][] = [
    [[], ['spec.hooks: expected an object, got a list']],
    [{ resource: [] }, ['spec.hooks.resource: unknown field; known are resources']],
    [{ resources: {} }, ['spec.hooks.resources: expected a list, got an object']],
    [{ resources: ['freeze'] }, ['spec.hooks.resources[0]: expected an object, got string "freeze"']],
    [{ resources: [{ postHooks: [] }] }, [/^spec\.hooks\.resources\[0\]\.postHooks: unknown field; known are name, /]],
    [{ resources: [{ pre: {} }] }, ['spec.hooks.resources[0].pre: expected a list, got an object']],
    [{ resources: [{ pre: [{}] }] }, ['spec.hooks.resources[0].pre[0]: expected one of exec, got 0']],
    [
      { resources: [{ pre: [{ exec: {} }], post: [{ exec: { command: [] } }, { exec: { command: 'thaw' } }] }] },
      [
        'spec.hooks.resources[0].pre[0].exec.command: missing; expected a program and its arguments',
        'spec.hooks.resources[0].post[0].exec.command: expected a program and its arguments, got an empty list',
        'spec.hooks.resources[0].post[1].exec.command: expected a list, got string "thaw"',
      ],
    ],
    [
      {
        resources: [
          { pre: [{ exec: { command: ['a', 7], onError: 'Ignore', timeout: '30', container: 1, tty: true } }] },
        ],
      },
      [
        'spec.hooks.resources[0].pre[0].exec.command[1]: expected text, got number 7',
        'spec.hooks.resources[0].pre[0].exec.onError: expected one of string "", string "Continue", string "Fail", got string "Ignore"',
        'spec.hooks.resources[0].pre[0].exec.timeout: expected a duration such as 720h0m0s, got string "30"',
        'spec.hooks.resources[0].pre[0].exec.container: expected text, got number 1',
        'spec.hooks.resources[0].pre[0].exec.tty: unknown field; known are container, command, onError, timeout',
      ],
    ],
    [
      {
        resources: [
          { name: 7, labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] }, includedResources: 'pods' },
          { includedNamespaces: ['a'], excludedNamespaces: ['a', '*'] },
        ],
      },
      [
        'spec.hooks.resources[0].name: expected text, got number 7',
        'spec.hooks.resources[0].labelSelector.matchExpressions[0]: In needs values',
        'spec.hooks.resources[0].includedResources: expected a list, got string "pods"',
        'spec.hooks.resources[1]: namespaces: "*" is not allowed in the excludes',
        'spec.hooks.resources[1]: namespaces: a is both included and excluded',
      ],
    ],
  ];
  for (const [hooks, problems] of cases) {
    it(`is told all at once: ${JSON.stringify(hooks)}`, () => assertProblems(validateBackupSpec({ hooks }), problems));
  }
});

describe("what is wrong with a restore's hooks", () => {
  it('is nothing where every member is used', () => {
    const hooks = {
      resources: [
        {
          name: 'seed',
          includedNamespaces: ['shop'],
          postHooks: [
            {
              exec: {
                ...exec,
                container: 'main',
                onError: 'Continue',
                execTimeout: '1m',
                waitTimeout: '5m',
                waitForReady: true,
              },
            },
            { exec: { ...exec, waitForReady: null } },
            {
              init: { timeout: '1m', initContainers: [{ name: 'a', image: 'b', command: ['c'], env: [] }] },
              exec: null,
            },
          ],
        },
      ],
    };
    assert.deepEqual(validateRestoreSpec({ hooks }), []);
  });

  const at = 'spec.hooks.resources[0].postHooks[0]';
  const cases: readonly [unknown, readonly (string | RegExp)[]][] = [
    [{ exec, init: {} }, [`${at}: expected one of exec, init, got 2`]],
    [{}, [`${at}: expected one of exec, init, got 0`]],
    [{ exec: { ...exec, timeout: '1m' } }, [/exec\.timeout: unknown field/]],
    [
      { exec: { ...exec, execTimeout: 1, waitTimeout: '-1s', waitForReady: 'true' } },
      [
        `${at}.exec.execTimeout: expected a duration such as 720h0m0s, got number 1`,
        `${at}.exec.waitTimeout: expected a duration such as 720h0m0s, got string "-1s"`,
        `${at}.exec.waitForReady: expected true or false, got string "true"`,
      ],
    ],
    [
      { init: { initContainers: [{ name: '', command: [] }, 'busybox'], timeout: 'x' } },
      [
        `${at}.init.initContainers[0].name: expected text, got string ""`,
        `${at}.init.initContainers[0].image: expected text, got nothing`,
        `${at}.init.initContainers[0].command: expected a program and its arguments, got an empty list`,
        `${at}.init.initContainers[1]: expected an object, got string "busybox"`,
        `${at}.init.timeout: expected a duration such as 720h0m0s, got string "x"`,
      ],
    ],
  ];
  for (const [hook, problems] of cases) {
    it(`is told all at once: ${JSON.stringify(hook)}`, () => {
      assertProblems(validateRestoreSpec({ hooks: { resources: [{ postHooks: [hook] }] } }), problems);
    });
  }

  it('is a phase that only backups have', () => {
    assertProblems(validateRestoreSpec({ hooks: { resources: [{ pre: [] }] } }), [/\.pre: unknown field/]);
  });
});

function assertProblems(actual: readonly string[], expected: readonly (string | RegExp)[]): void {
  assert.equal(actual.length, expected.length, actual.join('\n'));
  for (const [index, problem] of expected.entries()) {
    if (typeof problem === 'string') assert.equal(actual[index], problem);
    else assert.match(actual[index]!, problem);
  }
}
