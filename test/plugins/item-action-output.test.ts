import assert from 'node:assert/strict';
import { parseJson } from '../../src/api/json.ts';
import { checkedOutput, identityOf } from '../../src/plugins/item-action-output.ts';
import { object } from '../support/objects.ts';

const item = object('apps/v1 Deployment', 'shop/web', { spec: { replicas: 2 } });
const { metadata } = item;
const checked = (output: unknown) => checkedOutput(output, identityOf(item));

const cyclic: Record<string, unknown> = { ...item };
cyclic['self'] = cyclic;

describe('checkedOutput', () => {
  it('takes an output of the right shape, with what it leaves out', () => {
    const updatedItem = { ...item, marked: true };
    assert.deepEqual(checked({ updatedItem }), { updatedItem, additionalItems: [], skipRestore: false });
    const additionalItems = [
      { groupResource: 'secrets', namespace: 'shop', name: 'key' },
      { groupResource: 'clusterroles.rbac.authorization.k8s.io', namespace: '', name: 'system:node' },
    ];
    assert.deepEqual(checked({ updatedItem: item, additionalItems, skipRestore: true }), {
      updatedItem: item,
      additionalItems,
      skipRestore: true,
    });
  });

  it('takes another version of the same object, and every digit of a number', () => {
    const updatedItem = { ...item, apiVersion: 'apps/v1beta1', long: parseJson('12345678901234567890') };
    assert.equal(JSON.stringify(checked({ updatedItem }).updatedItem), JSON.stringify(updatedItem));
  });

  it('gives plain JSON that the action holds no part of', () => {
    const labels: Record<string, unknown> = { app: 'web', gone: undefined };
    const { updatedItem } = checked({ updatedItem: { ...item, metadata: { ...metadata, labels } } });
    labels['app'] = 'later';
    assert.deepEqual(updatedItem.metadata.labels, { app: 'web' });
  });

  const shape = 'gave an updatedItem that is no object with apiVersion, kind and metadata';
  const refused: readonly [string, unknown, string][] = [
    ['nothing', undefined, 'gave undefined; expected { updatedItem }'],
    ['null', null, 'gave null; expected { updatedItem }'],
    ['a list', [item], 'gave a list; expected { updatedItem }'],
    ['no item', {}, shape],
    ['null for an item', { updatedItem: null }, shape],
    ['an item without metadata', { updatedItem: { ...item, metadata: undefined } }, shape],
    ['a cycle', { updatedItem: cyclic }, 'gave an updatedItem that is no JSON (TypeError)'],
    ['a big integer', { updatedItem: { ...item, n: 1n } }, 'gave an updatedItem that is no JSON (TypeError)'],
    [
      'another group',
      { updatedItem: { ...item, apiVersion: 'v1' } },
      'gave another object than it was given: the group was "apps"',
    ],
    [
      'another kind',
      { updatedItem: { ...item, kind: 'Pod' } },
      'gave another object than it was given: the kind was "Deployment"',
    ],
    [
      'another name',
      { updatedItem: { ...item, metadata: { ...metadata, name: 'x' } } },
      'gave another object than it was given: the name was "web"',
    ],
    [
      'another namespace',
      { updatedItem: { ...item, metadata: { name: 'web' } } },
      'gave another object than it was given: the namespace was "shop"',
    ],
    [
      'a text for skipRestore',
      { updatedItem: item, skipRestore: 'no' },
      'gave string for skipRestore; expected a boolean',
    ],
    [
      'no list of additional items',
      { updatedItem: item, additionalItems: {} },
      'gave object for additionalItems; expected a list',
    ],
    [
      'an additional item that is none',
      { updatedItem: item, additionalItems: [null] },
      'gave additionalItems[0] without a groupResource such as deployments.apps',
    ],
    [
      'an additional item without a namespace',
      { updatedItem: item, additionalItems: [{ groupResource: 'pods', name: 'a' }] },
      'gave additionalItems[0] without a namespace; expected "" for a cluster-scoped object',
    ],
    [
      'an additional item whose name is a path',
      { updatedItem: item, additionalItems: [{ groupResource: 'pods', namespace: '', name: '../a' }] },
      'gave additionalItems[0] without a name',
    ],
  ];
  for (const [what, output, problem] of refused)
    it(`refuses ${what}`, () =>
      assert.throws(() => checked(output), { code: 'InvalidItem', message: `the action ${problem}` }));
});
