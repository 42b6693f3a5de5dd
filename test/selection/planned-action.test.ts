import assert from 'node:assert/strict';
import type { PlannedAction } from '../../src/api/run.ts';
import { concerns } from '../../src/selection/planned-action.ts';

describe('concerns', () => {
  const cases: readonly [string, Omit<PlannedAction, 'name'>, readonly string[], boolean][] = [
    ['everything, without names', {}, ['pods'], true],
    ['nothing in an empty batch', {}, [], false],
    ['a batch with one of its group-resources', { groupResources: ['pods'] }, ['secrets', 'pods'], true],
    ['no batch without any', { groupResources: ['pods'] }, ['secrets'], false],
    ['what a glob matches', { groupResources: ['*.example.com'] }, ['widgets.example.com'], true],
    ['nothing that it excludes', { excludedGroupResources: ['pods'] }, ['pods'], false],
    ['what is beside that', { excludedGroupResources: ['pods'] }, ['pods', 'secrets'], true],
    [
      'what it includes and does not exclude',
      { groupResources: ['p*'], excludedGroupResources: ['po*'] },
      ['pods'],
      false,
    ],
  ];
  for (const [what, action, groupResources, expected] of cases) {
    it(`takes an action to concern ${what}`, () =>
      assert.equal(concerns({ name: 'example.com/a', ...action }, { groupResources }), expected));
  }
});
