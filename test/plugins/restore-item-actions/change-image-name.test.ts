import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { changeImageName } from '../../../src/plugins/restore-item-actions/change-image-name.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const labels = { 'velero.io/plugin-config': '', [changeImageName.name]: 'RestoreItemAction' };

/** The image of a pod after these rules, and what the action warns of. */
async function rename(image: string, data: Record<string, string>): Promise<{ image: unknown; warnings: string[] }> {
  const warnings: string[] = [];
  const item = object('v1 Pod', 'shop/web', { spec: { containers: [{ name: 'web', image }] } });
  const cluster = [object('v1 ConfigMap', 'velero/images', { metadata: { labels }, data })];
  const log = { info: () => undefined, warning: (message: string) => void warnings.push(message) };
  const { item: changed } = await runCase(changeImageName, { item, cluster }, { log });
  const { containers } = changed!['spec'] as { containers: { image: unknown }[] };
  return { image: containers[0]!.image, warnings };
}

describe('restore item action: change-image-name', () => {
  itMatchesVelero('RestoreItemAction/change-image-name.json', changeImageName);

  it('takes the first rule, by its key, whose old part is in the image', async () => {
    const { image } = await rename('old/app:1', { b: 'old,second', a: 'app,first', c: 'none,third' });
    assert.equal(image, 'old/first:1');
  });

  it('takes a new part as it is, dollar signs too', async () => {
    assert.equal((await rename('old/app', { a: 'old,$&$1' })).image, '$&$1/app');
  });

  it('puts the new part of a rule without an old part around each character, as Velero does', async () => {
    assert.equal((await rename('a/é', { a: ',x' })).image, 'xax/xéx');
    assert.equal((await rename('', { a: ' ,x' })).image, '');
  });

  for (const rule of ['without a comma', 'old,', '']) {
    it(`leaves out the rule ${JSON.stringify(rule)}, and names its key`, async () => {
      assert.deepEqual(await rename('old/app', { registry: rule }), {
        image: 'old/app',
        warnings: ['ConfigMap of velero.io/change-image-name: key registry: expected old,new: the rule is left out'],
      });
    });
  }
});
