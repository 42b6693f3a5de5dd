import assert from 'node:assert/strict';
import fc from 'fast-check';
import { itemPaths, parseItemPath, type ItemPlace } from '../../src/backup-format/item-path.ts';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.:-]{0,60}[a-z0-9])?$/);
const groupResource = fc
  .tuple(fc.stringMatching(/^[a-z]{1,20}$/), fc.stringMatching(/^([a-z]{1,10}(\.[a-z0-9]{1,10}){0,3})?$/))
  .map(([plural, group]) => (group === '' ? plural : `${plural}.${group}`));
const place: fc.Arbitrary<ItemPlace> = fc.record({
  groupResource,
  version: fc.stringMatching(/^v[1-9]((alpha|beta)[1-9])?$/),
  preferred: fc.boolean(),
  namespace: fc.oneof(fc.constant(''), name),
  name,
});

describe('itemPaths', () => {
  it('puts an item of the preferred version on the classic path and on the one with the version', () => {
    const web = { groupResource: 'deployments.apps', version: 'v1', preferred: true, namespace: 'shop', name: 'web' };
    assert.deepEqual(itemPaths(web), [
      'resources/deployments.apps/namespaces/shop/web.json',
      'resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json',
    ]);
  });

  it('puts a cluster-scoped item of another version on the one path with the version', () => {
    const node = { groupResource: 'nodes', version: 'v2', preferred: false, namespace: '', name: 'n' };
    assert.deepEqual(itemPaths(node), ['resources/nodes/v2/cluster/n.json']);
  });

  it('is undone by parseItemPath', () => {
    fc.assert(
      fc.property(place, ({ version, preferred, ...identifier }) => {
        const parsed = itemPaths({ version, preferred, ...identifier }).map(parseItemPath);
        const versioned = { ...identifier, version };
        assert.deepEqual(parsed, preferred ? [identifier, versioned] : [versioned]);
      }),
    );
  });

  it('gives no two items a path in common', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const same = [a, b].map(
          ({ groupResource: resource, namespace, name: its }) => `${resource}/${namespace}/${its}`,
        );
        fc.pre(same[0] !== same[1]);
        const paths = [...itemPaths(a), ...itemPaths(b)];
        assert.equal(new Set(paths).size, paths.length);
      }),
    );
  });
});

describe('parseItemPath', () => {
  const others = [
    'metadata/version',
    'resources',
    'resources/',
    'resources/pods',
    'resources/pods/namespaces/shop',
    'resources/pods/namespaces/shop/a.yaml',
    'resources/pods/namespaces/shop/deeper/a.json',
    'resources/pods/namespaces/a.json',
    'resources/pods/v1/a.json',
    'resources/pods/cluster/deeper/a.json',
    'others/pods/cluster/a.json',
  ];
  for (const path of others) it(`passes over ${path}`, () => assert.equal(parseItemPath(path), undefined));

  it('forgives a leading ./', () => {
    const node = { groupResource: 'nodes', namespace: '', name: 'n' };
    assert.deepEqual(parseItemPath('./resources/nodes/cluster/n.json'), node);
  });

  it('keeps dots and colons of names', () => {
    const role = { groupResource: 'roles.rbac.authorization.k8s.io', namespace: 'a', name: 'system:x.json' };
    assert.deepEqual(parseItemPath(`resources/${role.groupResource}/namespaces/a/system:x.json.json`), role);
  });

  const hostile = [
    '',
    '.',
    '..',
    '/',
    '/etc/passwd',
    '../a',
    'resources/../../a',
    'resources/pods/cluster/..',
    'resources/./pods/cluster/a.json',
    'resources//cluster/a.json',
    '././resources/pods/cluster/a.json',
    'C:\\a',
    'resources\\pods',
    'resources/pods/cluster/a\0.json',
    'resources/pods/cluster/a\n.json',
    'resources/pods/cluster/\u007f.json',
    `resources/pods/cluster/${'a'.repeat(2_048)}.json`,
  ];
  for (const path of hostile) {
    it(`refuses ${JSON.stringify(path.slice(0, 60))}`, () => {
      assert.throws(() => parseItemPath(path), {
        code: 'CorruptBackup',
        message: /^entry ".*": a path that no backup/,
      });
    });
  }

  it('quotes no more than the beginning of a long path', () => {
    assert.throws(
      () => parseItemPath('a'.repeat(1_000_000)),
      ({ message }: Error) => message.length < 300,
    );
  });
});
