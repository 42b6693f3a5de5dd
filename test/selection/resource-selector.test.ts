import assert from 'node:assert/strict';
import type { ResourceSelector } from '../../src/api/resource-selector.ts';
import { resolveNames, resolveSelector } from '../../src/selection/resource-selector.ts';
import { resolve } from './cluster.ts';

const pod = { groupResource: 'pods', namespace: 'shop', labels: { app: 'web' } };
const node = { groupResource: 'nodes', namespace: '', labels: undefined };

describe('resolveSelector', () => {
  const cases: readonly [string, ResourceSelector, { readonly pod: boolean; readonly node: boolean }][] = [
    ['nothing: everything', {}, { pod: true, node: true }],
    ['a plural', { includedResources: ['pods'] }, { pod: true, node: false }],
    ['a singular', { includedResources: ['node'] }, { pod: false, node: true }],
    ['a short name', { includedResources: ['po'] }, { pod: true, node: false }],
    ['a glob', { includedResources: ['p*'] }, { pod: true, node: false }],
    ['*', { includedResources: ['*'] }, { pod: true, node: true }],
    ['a name that nothing bears', { includedResources: ['ghosts'] }, { pod: false, node: false }],
    ['an exclusion by short name', { excludedResources: ['no'] }, { pod: true, node: false }],
    ['a namespace', { includedNamespaces: ['shop'] }, { pod: true, node: false }],
    ['another namespace', { includedNamespaces: ['bank'] }, { pod: false, node: false }],
    ['* for namespaces', { includedNamespaces: ['*'] }, { pod: true, node: true }],
    ['an excluded namespace', { excludedNamespaces: ['bank'] }, { pod: true, node: false }],
    ['a label', { labelSelector: 'app=web' }, { pod: true, node: false }],
    ['the absence of a label', { labelSelector: '!app' }, { pod: false, node: true }],
  ];
  for (const [what, selector, expected] of cases) {
    it(`takes ${what}`, () => {
      const { matchesItem } = resolveSelector(selector, resolve);
      assert.deepEqual({ pod: matchesItem(pod), node: matchesItem(node) }, expected);
    });
  }

  it('asks only for the resource where there is no item yet', () => {
    const { matchesResource } = resolveSelector(
      { includedResources: ['deploy'], includedNamespaces: ['bank'], labelSelector: 'a=b' },
      resolve,
    );
    assert.deepEqual([matchesResource('deployments.apps'), matchesResource('pods')], [true, false]);
  });

  it('refuses a label selector that can not be read', () => {
    assert.throws(() => resolveSelector({ labelSelector: 'a in' }, resolve), { code: 'InvalidSpec' });
  });
});

describe('resolveNames', () => {
  it('makes names canonical, and keeps globs and names that it does not know', () => {
    assert.deepEqual(resolveNames(['po', 'deployment', '*', 'p*', 'ghosts'], resolve), [
      'pods',
      'deployments.apps',
      '*',
      'p*',
      'ghosts',
    ]);
    assert.deepEqual(resolveNames(undefined, resolve), []);
  });
});
