import assert from 'node:assert/strict';
import { fields, removeTexts } from '../../src/plugins/item-fields.ts';

const parent = {
  object: { a: 1 },
  list: [{ a: 1 }, null, { b: 2 }],
  text: 'x',
  number: 1,
  null: null,
  mixed: [{}, 'x'],
};

function invalid(message: string) {
  return { code: 'InvalidItem', message };
}

describe('fields', () => {
  it('reads what is there, as it is: not a copy', () => {
    assert.equal(fields.object(parent, 'object'), parent.object);
    assert.equal(fields.list(parent, 'list'), parent.list);
    assert.equal(fields.text(parent, 'text'), 'x');
  });

  it('reads the empty value where a field is absent or null', () => {
    for (const field of ['absent', 'null']) {
      assert.equal(fields.object(parent, field), undefined);
      assert.deepEqual(fields.list(parent, field), []);
      assert.deepEqual(fields.objects(parent, field), []);
      assert.equal(fields.text(parent, field), '');
    }
  });

  it('leaves out the nulls of a list of objects', () => {
    assert.deepEqual(fields.objects(parent, 'list'), [{ a: 1 }, { b: 2 }]);
  });

  for (const [title, read, message] of [
    ['a text for an object', () => fields.object(parent, 'text'), 'field text: expected an object, got string'],
    ['a list for an object', () => fields.object(parent, 'list'), 'field list: expected an object, got a list'],
    ['an object for a list', () => fields.list(parent, 'object'), 'field object: expected a list, got object'],
    ['a text among objects', () => fields.objects(parent, 'mixed'), 'field mixed: expected objects, got string'],
    ['a number for a text', () => fields.text(parent, 'number'), 'field number: expected text, got number'],
  ] as const)
    it(`takes ${title} for the item's error, without its value`, () => assert.throws(read, invalid(message)));
});

describe('removeTexts', () => {
  it('removes members that are there, null ones too', () => {
    const labels: Record<string, unknown> = { a: 'x', b: null, c: 'y' };
    removeTexts(labels, ['a', 'b', 'absent']);
    assert.deepEqual(labels, { c: 'y' });
  });

  it('refuses what is no text', () => {
    assert.throws(() => removeTexts({ a: 1 }, ['a']), invalid('field a: expected text, got number'));
  });
});
