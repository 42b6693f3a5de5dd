import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { pv } from '../../../src/plugins/backup-item-actions/pv.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const log = { info: () => undefined, warning: () => undefined };

describe('backup item action: pv', () => {
  itMatchesVelero('BackupItemAction/pv.json', pv);

  const claim = (spec: object, labels?: object | string) =>
    object('v1 PersistentVolumeClaim', 'shop/data', {
      ...(labels !== undefined && { metadata: { labels: labels as Record<string, string> } }),
      spec: { volumeName: 'pv-1', ...spec },
      status: { phase: 'Bound' },
    });
  const selector = { matchLabels: { disk: 'fast', 'velero.io/dynamic-pv-restore': 'x' }, matchExpressions: [] };

  for (const [storageClassName, kept] of [
    ['', { ...selector, matchLabels: { disk: 'fast' } }],
    ['fast', undefined],
    [null, undefined],
  ] as const) {
    it(`with the storage class ${JSON.stringify(storageClassName)} leaves of a selector ${JSON.stringify(kept)}`, async () => {
      const { item } = await runCase(pv, { item: claim({ storageClassName, selector }) }, { log });
      assert.deepEqual((item!['spec'] as { readonly selector?: unknown }).selector, kept);
    });
  }

  for (const [field, item] of [
    ['storageClassName', claim({ storageClassName: 1 })],
    ['selector', claim({ storageClassName: '', selector: 'x' })],
    ['labels', claim({}, 'x')],
  ] as const) {
    it(`refuses a wrong ${field}`, async () => {
      assert.match((await runCase(pv, { item }, { log })).error ?? '', new RegExp(`^field ${field}: expected`));
    });
  }
});
