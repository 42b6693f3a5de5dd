import assert from 'node:assert/strict';
import type { Unstructured } from '../../../src/api/unstructured.ts';
import { runCase, type CaseResult } from '../../../src/cli/item-action-case.ts';
import { crdRemapVersion } from '../../../src/plugins/backup-item-actions/crd-remap-version.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const old = object('apiextensions.k8s.io/v1beta1 CustomResourceDefinition', 'widgets.example.com', {
  spec: { version: 'v1' },
});
const schema = { openAPIV3Schema: {} };

function backUp(fields: object, cluster: readonly Unstructured[] = [old]): Promise<CaseResult> {
  const item = object('apiextensions.k8s.io/v1 CustomResourceDefinition', 'widgets.example.com', { ...fields });
  return runCase(crdRemapVersion, { item, cluster }, { log: { info: () => undefined, warning: () => undefined } });
}

describe('backup item action: crd-remap-version', () => {
  itMatchesVelero('BackupItemAction/crd-remap-version.json', crdRemapVersion);

  const definitions: readonly { readonly title: string; readonly fields: object; readonly remapped: boolean }[] = [
    { title: 'one without versions', fields: { spec: { versions: null } }, remapped: false },
    { title: 'one whose first version is null', fields: { spec: { versions: [null, { schema }] } }, remapped: true },
    { title: 'one whose schema is null', fields: { spec: { versions: [{ schema: null }] } }, remapped: true },
    { title: 'one whose schema is empty', fields: { spec: { versions: [{ schema: {} }] } }, remapped: true },
    {
      title: 'one whose later versions have no schema',
      fields: { spec: { versions: [{ schema }, {}] } },
      remapped: false,
    },
    {
      title: 'one that is said not to be non-structural',
      fields: { status: { conditions: [{ type: 'NonStructuralSchema', status: 'False' }] } },
      remapped: true,
    },
    { title: 'one with an empty apiVersion', fields: { apiVersion: '', spec: { versions: [{}] } }, remapped: false },
    { title: 'one without apiVersion', fields: { apiVersion: undefined, spec: { versions: [{}] } }, remapped: true },
  ];
  for (const { title, fields, remapped } of definitions) {
    it(`${remapped ? 'fetches the v1beta1 of' : 'passes'} ${title}`, async () => {
      const { item, error } = await backUp(fields);
      assert.equal(error, null);
      assert.equal(item?.apiVersion === old.apiVersion, remapped);
    });
  }

  it('hands out a copy of what the cluster holds', async () => {
    const { item } = await backUp({ spec: { preserveUnknownFields: true } });
    assert.deepEqual(item, old);
    assert.notEqual(item, old);
  });

  for (const [fields, message] of [
    [{ apiVersion: null }, 'field apiVersion: expected text'],
    [{ spec: { versions: ['x'] } }, 'field versions: expected objects, got string'],
    [{ spec: { preserveUnknownFields: 'x' } }, 'field preserveUnknownFields: expected true or false, got string'],
    [{ status: [] }, 'field status: expected an object, got a list'],
  ] as const) {
    it(`refuses ${JSON.stringify(fields)}`, async () => assert.equal((await backUp(fields)).error, message));
  }
});
