import assert from 'node:assert/strict';
import { runCase } from '../../../src/cli/item-action-case.ts';
import { crdPreserveFields } from '../../../src/plugins/restore-item-actions/crd-preserve-fields.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const log = { info: () => undefined, warning: () => undefined };
const kind = 'apiextensions.k8s.io/v1 CustomResourceDefinition';

describe('restore item action: crd-preserve-fields', () => {
  itMatchesVelero('RestoreItemAction/crd-preserve-fields.json', crdPreserveFields);

  for (const { title, flags, marked } of [
    { title: 'in another letter case', flags: { PRESERVEunknownfields: true }, marked: true },
    {
      title: 'twice, the last one set',
      flags: { preserveUnknownFields: false, preserveunknownfields: true },
      marked: true,
    },
    {
      title: 'twice, the last one not set',
      flags: { PreserveUnknownFields: true, preserveUnknownFields: false },
      marked: undefined,
    },
  ]) {
    it(`reads a flag ${title}`, async () => {
      const versions = [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object' } } }];
      const item = object(kind, 'widgets.example.com', { spec: { ...flags, versions } });
      const spec = (await runCase(crdPreserveFields, { item }, { log })).item?.['spec'] as {
        versions: typeof versions;
      };
      const schema = spec.versions[0]!.schema.openAPIV3Schema as Record<string, unknown>;
      assert.equal(schema['x-kubernetes-preserve-unknown-fields'], marked);
    });
  }

  it('refuses a name beside metadata that is no text, and versions that are no list', async () => {
    const refused = async (others: Record<string, unknown>): Promise<string | null> =>
      (await runCase(crdPreserveFields, { item: object(kind, 'widgets.example.com', others) }, { log })).error;
    assert.equal(await refused({ name: 5 }), 'field name: expected text, got number');
    assert.equal(await refused({ spec: { versions: 'v1' } }), 'field versions: expected a list, got string');
  });
});
