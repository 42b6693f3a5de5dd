import assert from 'node:assert/strict';
import { planActions } from '../../src/activities/planned-actions.ts';
import type { ResourceSelector } from '../../src/api/resource-selector.ts';
import type { PlannedAction } from '../../src/api/run.ts';
import type { Discovery } from '../../src/kubernetes/discovery.ts';
import { ClusterInMemory } from '../support/cluster-in-memory.ts';

let discovery: Discovery;

before(async () => {
  discovery = await new ClusterInMemory().discover();
});

function plan(appliesTo: ResourceSelector): PlannedAction[] {
  const execute = () => Promise.reject(new Error('it is only planned'));
  return planActions([{ name: 'example.com/a', appliesTo, execute }], discovery);
}

describe('planActions', () => {
  const cases: readonly [string, ResourceSelector, Omit<PlannedAction, 'name'>][] = [
    ['nothing for a selector without names', { includedNamespaces: ['shop'], labelSelector: 'a' }, {}],
    ['nothing for empty lists', { includedResources: [], excludedResources: [] }, {}],
    ['a plural', { includedResources: ['pods'] }, { groupResources: ['pods'] }],
    ['the plural for a singular', { includedResources: ['Pod'] }, { groupResources: ['pods'] }],
    ['the group with a plural', { includedResources: ['deployments'] }, { groupResources: ['deployments.apps'] }],
    [
      'the plural for a singular with its group',
      { includedResources: ['widget.example.com'] },
      { groupResources: ['widgets.example.com'] },
    ],
    ['each once', { includedResources: ['pod', 'pods'] }, { groupResources: ['pods'] }],
    ['a glob as it is', { includedResources: ['*.apps'] }, { groupResources: ['*.apps'] }],
    ['*', { includedResources: ['*'] }, { groupResources: ['*'] }],
    [
      'a name that the cluster does not serve as it is',
      { includedResources: ['ghosts.example.com'] },
      { groupResources: ['ghosts.example.com'] },
    ],
    [
      'what is excluded, but for *',
      { excludedResources: ['pod', '*', 'x*'] },
      { excludedGroupResources: ['pods', 'x*'] },
    ],
  ];
  for (const [what, selector, expected] of cases)
    it(`plans ${what}`, () => assert.deepEqual(plan(selector), [{ name: 'example.com/a', ...expected }]));
});
