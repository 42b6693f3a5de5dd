import assert from 'node:assert/strict';
import { resetBinding, resetMetadata } from '../../src/activities/reset-metadata.ts';
import { object } from '../support/objects.ts';

describe('resetMetadata', () => {
  it('(b.4.7) removes what only the original cluster could know, and keeps the rest', () => {
    const kept = { labels: { app: 'web' }, annotations: { note: 'x' }, finalizers: ['example.com/f'], unknown: 1 };
    const item = object('v1 Pod', 'shop/web', {
      metadata: {
        ...kept,
        generateName: 'web-',
        selfLink: '/api/v1/pods/web',
        uid: 'old',
        resourceVersion: '7',
        generation: 3,
        creationTimestamp: '2026-01-01T00:00:00Z',
        deletionTimestamp: '2026-01-02T00:00:00Z',
        deletionGracePeriodSeconds: 30,
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web', uid: 'other' }],
      },
      spec: { status: 'kept' },
      status: { phase: 'Running' },
    });
    const reset = resetMetadata(item);
    assert.equal(reset, item);
    assert.deepEqual(reset, object('v1 Pod', 'shop/web', { metadata: kept, spec: { status: 'kept' } }));
  });
});

describe('resetBinding', () => {
  const bound = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };

  it("(b.6) keeps a claim's name and drops what made it one very object", () => {
    const claimRef = { namespace: 'shop', name: 'data', uid: 'old', resourceVersion: '7' };
    const item = resetBinding(object('v1 PersistentVolume', 'pv-1', { spec: { claimRef } }));
    assert.deepEqual(item['spec'], { claimRef: { namespace: 'shop', name: 'data' } });
  });

  it('(b.6) removes the annotations of binding, and the map if nothing else is in it', () => {
    const claim = (annotations: Record<string, string>) =>
      object('v1 PersistentVolumeClaim', 'shop/data', { metadata: { annotations } });
    assert.deepEqual(resetBinding(claim({ ...bound, note: 'x' })).metadata.annotations, { note: 'x' });
    assert.equal('annotations' in resetBinding(claim(bound)).metadata, false);
  });

  it('(b.6) leaves an object that is not bound as it is', () => {
    const claim = object('v1 PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
    assert.deepEqual(resetBinding(structuredClone(claim)), claim);
  });
});
