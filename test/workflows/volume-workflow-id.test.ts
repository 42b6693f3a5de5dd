import assert from 'node:assert/strict';
import { volumeWorkflowId } from '../../src/workflows/volume-workflow-id.ts';

describe('volumeWorkflowId', () => {
  it('is made of the type, the uid of the run and the name of the PersistentVolume', () => {
    assert.equal(volumeWorkflowId('snapshot-volume', 'uid-1', 'pv-1'), 'snapshot-volume/uid-1/pv-1');
    assert.ok(volumeWorkflowId('snapshot-volume', 'uid-1', 'p'.repeat(150)).endsWith(`/${'p'.repeat(150)}`));
  });

  it('keeps long names short and apart, and is the same each time', () => {
    const names = ['a', 'b', 'ü'].map((end) => `${'p'.repeat(252)}${end}`);
    const ids = names.map((name) => volumeWorkflowId('restore-volume', 'uid-1', name));
    assert.equal(new Set(ids).size, names.length);
    for (const id of ids) assert.match(id, /^restore-volume\/uid-1\/p{141}-[0-9a-f]{8}$/);
    assert.deepEqual(
      names.map((name) => volumeWorkflowId('restore-volume', 'uid-1', name)),
      ids,
    );
  });
});
