import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ownerDigest, ownerUuid, snapshotName } from '../../../src/plugins/volume-snapshotters/owner-names.ts';

const text = fc.string();
const asked = fc.record({ owner: fc.record({ uid: text, persistentVolume: text }), source: text });

describe('names of an owner', () => {
  it('are the same for the same owner and source, and others for others', () => {
    fc.assert(
      fc.property(asked, asked, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(ownerUuid(a.owner, a.source) === ownerUuid(b.owner, b.source), same);
        assert.equal(ownerDigest(a.owner, a.source) === ownerDigest(b.owner, b.source), same);
      }),
    );
    const [a, b] = [
      ownerDigest({ uid: 'a', persistentVolume: 'b/c' }, 'd'),
      ownerDigest({ uid: 'a/b', persistentVolume: 'c' }, 'd'),
    ];
    assert.notEqual(a, b);
  });

  it('have the form of a UUID', () => {
    fc.assert(
      fc.property(asked, ({ owner, source }) => {
        assert.match(ownerUuid(owner, source), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('of snapshots begin with as much of the volume as fits', () => {
    const uuid = ownerUuid({ uid: 'a', persistentVolume: 'b' }, 'c');
    assert.equal(snapshotName('disk', uuid, 63), `disk-${uuid}`);
    assert.equal(snapshotName('d'.repeat(100), uuid, 63), `${'d'.repeat(26)}-${uuid}`);
  });
});
