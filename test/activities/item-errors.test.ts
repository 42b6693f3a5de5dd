import assert from 'node:assert/strict';
import { notYet } from '../../src/activities/failures.ts';
import { isItemError } from '../../src/activities/item-errors.ts';
import { BowlineError } from '../../src/api/errors.ts';

describe('isItemError', () => {
  const table: [string, unknown, boolean][] = [
    ['a permanent fault', new BowlineError('NotFound', 'get pods a/b: 404 NotFound'), true],
    ['an answer that went on refusing', new BowlineError('Throttled', 'create: 429', { status: 429 }), true],
    ["an error of an action's own code", new TypeError('undefined is not a function'), true],
    ['a value that is no error', 'boom', true],
    ['no answer at all', new BowlineError('Unavailable', 'create: no answer'), false],
    ['an interruption', new BowlineError('Interrupted', 'create: interrupted'), false],
    ['a wait', notYet('namespace shop is terminating', 1_000), false],
  ];
  for (const [what, error, isItems] of table) {
    it(`takes ${what} for ${isItems ? "the item's own" : "the batch's"}`, () => {
      assert.equal(isItemError(error), isItems);
    });
  }
});
