import assert from 'node:assert/strict';
import { foldedFields } from '../../src/plugins/folded-fields.ts';

describe('foldedFields', () => {
  it('finds a field in any letter case, and of several the last in the order of bytes', () => {
    assert.equal(foldedFields.text({ TYPE: 'a' }, 'type'), 'a');
    assert.equal(foldedFields.text({ type: 'a', Type: 'b', TYPE: 'c' }, 'type'), 'a');
    assert.equal(foldedFields.text({ typeOf: 'a', 'type ': 'b' }, 'type'), '');
  });

  it('reads as other reads of fields do', () => {
    const { object, objects, list, boolean } = foldedFields;
    const item = { Spec: { A: 1 }, LIST: [1], Items: [{}, null], flag: null };
    assert.deepEqual([object(item, 'spec'), list(item, 'list'), objects(item, 'items')], [{ A: 1 }, [1], [{}]]);
    assert.equal(boolean(item, 'FLAG'), false);
    assert.throws(() => foldedFields.boolean({ FLAG: 'x' }, 'flag'), {
      code: 'InvalidItem',
      message: 'field FLAG: expected true or false, got string',
    });
  });
});
