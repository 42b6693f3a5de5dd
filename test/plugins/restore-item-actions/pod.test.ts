import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { pod } from '../../../src/plugins/restore-item-actions/pod.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const log = { info: () => undefined, warning: () => undefined };

describe('restore item action: pod', () => {
  itMatchesVelero('RestoreItemAction/pod.json', pod);

  it('takes token volumes away between entries that are null, and without a service account', async () => {
    const spec = {
      volumes: [null, { name: '-token-x' }, { name: null }],
      ephemeralContainers: [{ volumeMounts: [{ name: '-token-x' }] }],
    };
    const { item } = await runCase(pod, { item: object('v1 Pod', 'shop/web', { spec }) }, { log });
    assert.deepEqual(item?.['spec'], { ...spec, volumes: [null, { name: null }] });
  });

  for (const [field, spec] of [
    ['volumes', { volumes: ['x'] }],
    ['name', { volumes: [{ name: 1 }] }],
    ['volumeMounts', { containers: [{ volumeMounts: [[]] }] }],
    ['initContainers', { initContainers: [1] }],
    ['serviceAccountName', { serviceAccountName: {} }],
    ['priorityClassName', { priorityClassName: [] }],
  ] as const) {
    it(`refuses a wrong ${field}`, async () => {
      const { error } = await runCase(pod, { item: object('v1 Pod', 'shop/web', { spec }) }, { log });
      assert.match(error ?? '', new RegExp(`^field ${field}: expected`));
    });
  }
});
