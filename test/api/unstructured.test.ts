import assert from 'node:assert/strict';
import fc from 'fast-check';
import { groupOf, groupResourceOf, itemKey, parseItemKey, versionOf } from '../../src/api/unstructured.ts';

const part = fc.stringMatching(/^[a-z0-9.:-]{1,12}$/);
const identifier = fc
  .tuple(part, fc.oneof(fc.constant(''), part), part)
  .map(([groupResource, namespace, name]) => ({ groupResource, namespace, name }));

describe('groupOf and versionOf', () => {
  for (const [apiVersion, group, version] of [
    ['v1', '', 'v1'],
    ['apps/v1', 'apps', 'v1'],
    ['rbac.authorization.k8s.io/v1beta1', 'rbac.authorization.k8s.io', 'v1beta1'],
  ] as const) {
    it(`take ${apiVersion} apart`, () =>
      assert.deepEqual([groupOf(apiVersion), versionOf(apiVersion)], [group, version]));
  }
});

describe('groupResourceOf', () => {
  it('names the group only where there is one', () => {
    assert.equal(groupResourceOf('deployments', 'apps'), 'deployments.apps');
    assert.equal(groupResourceOf('pods', ''), 'pods');
  });
});

describe('itemKey', () => {
  it('tells namespaced from cluster-scoped items', () => {
    assert.equal(
      itemKey({ groupResource: 'deployments.apps', namespace: 'shop', name: 'web' }),
      'deployments.apps/shop/web',
    );
    assert.equal(itemKey({ groupResource: 'namespaces', namespace: '', name: 'shop' }), 'namespaces//shop');
  });

  it('is undone by parseItemKey', () => {
    fc.assert(fc.property(identifier, (one) => assert.deepEqual(parseItemKey(itemKey(one)), one)));
  });

  it('is the same only for the same item', () => {
    fc.assert(
      fc.property(identifier, identifier, (a, b) => {
        assert.equal(itemKey(a) === itemKey(b), Object.values(a).join('\n') === Object.values(b).join('\n'));
      }),
    );
  });
});
