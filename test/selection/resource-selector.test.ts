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
    ['names that nothing bears, and a short name', { includedResources: ['ghosts', 'po'] }, { pod: true, node: false }],
    [
      'a glob that an exclusion narrows',
      { includedResources: ['*'], excludedResources: ['n*'] },
      { pod: true, node: false },
    ],
    ['an exclusion of a name that nothing bears', { excludedResources: ['ghosts'] }, { pod: true, node: true }],
    ['an exclusion of *, which is ignored', { excludedResources: ['*'] }, { pod: true, node: true }],
    ['an exclusion by short name', { excludedResources: ['no'] }, { pod: true, node: false }],
    ['a namespace', { includedNamespaces: ['shop'] }, { pod: true, node: false }],
    ['another namespace', { includedNamespaces: ['bank'] }, { pod: false, node: false }],
    ['* for namespaces', { includedNamespaces: ['*'] }, { pod: true, node: true }],
    ['* for namespaces beside another', { includedNamespaces: ['*', 'bank'] }, { pod: true, node: false }],
    ['a glob for namespaces', { includedNamespaces: ['s*'] }, { pod: true, node: false }],
    ['an excluded glob for namespaces', { excludedNamespaces: ['s*'] }, { pod: false, node: false }],
    [
      'a namespace that is included and excluded',
      { includedNamespaces: ['shop'], excludedNamespaces: ['sh?p'] },
      { pod: false, node: false },
    ],
    ['an excluded namespace', { excludedNamespaces: ['bank'] }, { pod: true, node: false }],
    ['a label', { labelSelector: 'app=web' }, { pod: true, node: false }],
    ['one of several labels', { labelSelector: 'app in (web, db)' }, { pod: true, node: false }],
    ['another value than one', { labelSelector: 'app notin (db)' }, { pod: true, node: true }],
    ['a label that is a number', { labelSelector: 'app>1' }, { pod: false, node: false }],
    ['a label and a resource', { includedResources: ['no'], labelSelector: 'app' }, { pod: false, node: false }],
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
