import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { serviceAccount } from '../../../src/plugins/restore-item-actions/service-account.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const log = { info: () => undefined, warning: () => undefined };

describe('restore item action: service-account', () => {
  itMatchesVelero('RestoreItemAction/service-account.json', serviceAccount);

  it('keeps entries that are null or have no name', async () => {
    const item = object('v1 ServiceAccount', 'shop/web', {
      secrets: [null, { name: 'web-token-x' }, {}, { name: null }],
    });
    assert.deepEqual((await runCase(serviceAccount, { item }, { log })).item?.['secrets'], [null, {}, { name: null }]);
  });

  for (const [secrets, message] of [
    [['x'], 'field secrets: expected objects, got string'],
    [[{ name: 1 }], 'field name: expected text, got number'],
    [{}, 'field secrets: expected a list, got object'],
  ] as const) {
    it(`refuses the secrets ${JSON.stringify(secrets)}`, async () => {
      const item = object('v1 ServiceAccount', 'shop/web', { secrets });
      assert.equal((await runCase(serviceAccount, { item }, { log })).error, message);
    });
  }
});
