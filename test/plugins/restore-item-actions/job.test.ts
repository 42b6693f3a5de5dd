import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { job } from '../../../src/plugins/restore-item-actions/job.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const log = { info: () => undefined, warning: () => undefined };

describe('restore item action: job', () => {
  itMatchesVelero('RestoreItemAction/job.json', job);

  it('keeps a job whose selector or template is null or absent as it is', async () => {
    for (const spec of [undefined, null, {}, { selector: null, template: null }, { template: { metadata: null } }]) {
      const item = object('batch/v1 Job', 'shop/dump', { spec });
      assert.deepEqual((await runCase(job, { item }, { log })).item, item);
    }
  });

  for (const [field, spec] of [
    ['spec', 'x'],
    ['selector', { selector: [] }],
    ['matchLabels', { selector: { matchLabels: 'x' } }],
    ['template', { template: 1 }],
    ['metadata', { template: { metadata: 'x' } }],
    ['labels', { template: { metadata: { labels: [] } } }],
  ] as const) {
    it(`refuses a job whose ${field} is no object`, async () => {
      const { error } = await runCase(job, { item: object('batch/v1 Job', 'shop/dump', { spec }) }, { log });
      assert.match(error ?? '', new RegExp(`^field ${field}: expected an object`));
    });
  }
});
