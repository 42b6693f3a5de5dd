import assert from 'node:assert/strict';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { statusFilter } from '../../src/selection/status-filter.ts';
import { object } from '../support/objects.ts';
import { resolve } from './cluster.ts';

type RestoreStatus = RestoreSpec['restoreStatus'];

const cases: readonly [
  title: string,
  restoreStatus: RestoreStatus,
  annotation: string | undefined,
  expected: boolean,
][] = [
  ['no status by default', undefined, undefined, false],
  ['none for null', null, undefined, false],
  ['all for lists that name nothing', {}, undefined, true],
  ['that of included resources, by any of their names', { includedResources: ['po'] }, undefined, true],
  ['not that of others', { includedResources: ['secrets'] }, undefined, false],
  ['not that of excluded ones', { excludedResources: ['pods'] }, undefined, false],
  ['that of an item that asks for it', undefined, ' True ', true],
  ['not that of an item that asks for none', { includedResources: ['*'] }, 'false', false],
  ['as the spec says where the annotation is neither', { includedResources: ['*'] }, 'maybe', true],
];

describe('statusFilter', () => {
  for (const [title, restoreStatus, annotation, expected] of cases) {
    it(`(b.4.15) restores ${title}`, () => {
      const annotations = annotation === undefined ? {} : { 'velero.io/restore-status': annotation };
      const item = object('v1 Pod', 'shop/web', { metadata: { annotations } });
      const filter = statusFilter(restoreStatus === undefined ? {} : { restoreStatus }, resolve);
      assert.equal(filter('pods', item), expected);
    });
  }
});
