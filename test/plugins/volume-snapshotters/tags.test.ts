import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ownerTags } from '../../../src/api/labels.ts';
import { azureTags, contractTags } from '../../../src/plugins/volume-snapshotters/azure-tags.ts';
import { bears, merged, throughputOf } from '../../../src/plugins/volume-snapshotters/tags.ts';

const key = fc.oneof(
  fc.constantFrom(...ownerTags, 'velero.io/pv', 'velero.io/backup', 'team'),
  fc.string({ minLength: 1 }),
);
const tags = fc.dictionary(key, fc.string(), { maxKeys: 12 });

describe('tags', () => {
  it('of a copy are ours first, then what fits of the others, and never another owner', () => {
    fc.assert(
      fc.property(tags, tags, fc.integer({ min: 0, max: 20 }), (own, copied, most) => {
        const made = merged(own, copied, most);
        assert.ok(Object.keys(made).length <= most);
        for (const [name, value] of Object.entries(made))
          assert.equal(value, Object.hasOwn(own, name) ? own[name] : copied[name]);
        for (const name of ownerTags) assert.ok(!Object.hasOwn(made, name) || Object.hasOwn(own, name), name);
        if (Object.keys(own).length <= most) assert.ok(bears(made, own));
        const veleros = Object.keys(own).filter((name) => name.startsWith('velero.io/'));
        if (veleros.length <= most) assert.ok(veleros.every((name) => Object.hasOwn(made, name)));
      }),
    );
  });

  it('are borne when all of them are there with their values', () => {
    assert.ok(bears({ a: '1', b: '2' }, { a: '1' }));
    assert.ok(bears({ a: '1' }, {}));
    assert.ok(!bears({ a: '1' }, { a: '2' }));
    assert.ok(!bears({ a: '1' }, { a: '1', b: '' }));
    assert.ok(!bears({}, { constructor: 'x' }));
  });

  it('tell a throughput only where they hold a number', () => {
    const of = (text: string) => throughputOf({ 'velero.io/volume-throughput': text });
    assert.deepEqual(['125', '', '-1', '1e3', '1.5', '9999999'].map(of), [125, ...Array<undefined>(5)]);
    assert.equal(throughputOf({}), undefined);
  });

  it("survive Azure's letters, ours as they were", () => {
    fc.assert(
      fc.property(tags, (asked) => {
        const sent = azureTags(asked);
        assert.ok(Object.keys(sent).every((name) => !/[<>%&\\?/]/.test(name)));
        assert.deepEqual(azureTags(sent), sent);
      }),
    );
    const ours = { 'velero.io/backup-uid': 'u', 'velero.io/pv': 'p', team: 'a' };
    assert.deepEqual(contractTags(azureTags(ours)), ours);
  });
});
