import { BowlineError } from '../../api/errors.ts';
import { cloneJson } from '../../api/json.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { foldedFields } from '../folded-fields.ts';
import type { BackupItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

const groupResource = 'customresourcedefinitions.apiextensions.k8s.io';
const version = 'v1beta1';

/**
 * Backs up a CustomResourceDefinition in the version v1beta1 if it was made for that one, so that it can be created again: v1 accepts
 * none whose first version has no schema, none that is not structural, and none that preserves unknown fields. Definitions
 * that v1 accepts pass unchanged, and so do all where the cluster serves no v1beta1 (from Kubernetes 1.22 on).
 *
 * Changes: `*`.
 * Source: Velero v1.18.1 `pkg/backup/actions/remap_crd_version_action.go`.
 */
export const crdRemapVersion: BackupItemAction = {
  name: 'velero.io/crd-remap-version',
  appliesTo: { includedResources: [groupResource] },

  async execute({ item, kubernetes }) {
    if (!isV1(item) || !(await kubernetes.serves(groupResource, { version })) || isOfV1(item)) {
      return { updatedItem: item };
    }
    const found = await kubernetes.get({ groupResource, namespace: '', name: item.metadata.name }, { version });
    return { updatedItem: cloneJson(found) };
  },
};

/** Without a version, a definition counts as one of v1; `null` is a version that can't be read. */
function isV1(item: Partial<Unstructured>): boolean {
  const { apiVersion = 'apiextensions.k8s.io/v1' } = item;
  if (typeof apiVersion === 'string') return apiVersion === 'apiextensions.k8s.io/v1';
  throw new BowlineError('InvalidItem', 'field apiVersion: expected text');
}

/** Whether v1 would accept the definition. Only the first version tells, and of a condition only its type. */
function isOfV1(item: Unstructured): boolean {
  const spec = foldedFields.object(item, 'spec') ?? {};
  const versions = foldedFields.list(spec, 'versions').slice(0, 1);
  const [first = {}] = fields.objects({ versions }, 'versions');
  const schema = foldedFields.object(foldedFields.object(first, 'schema') ?? {}, 'openAPIV3Schema');
  const hasSchema = versions.length === 0 || schema !== undefined;
  const conditions = foldedFields.objects(foldedFields.object(item, 'status') ?? {}, 'conditions');
  const isStructural = conditions.every((condition) => foldedFields.text(condition, 'type') !== 'NonStructuralSchema');
  return hasSchema && isStructural && !foldedFields.boolean(spec, 'preserveUnknownFields');
}
