import type { Restore } from '../api/restore.ts';
import type { Unstructured } from '../api/unstructured.ts';
import { fields } from './item-fields.ts';

/**
 * Moves, in place, the subjects of a binding to the namespaces that theirs are mapped to. Subjects of every kind are looked at; one
 * without a namespace has the empty one. Returns its argument.
 *
 * @throws BowlineError `InvalidItem` naming the field
 */
export function mapSubjects(binding: Unstructured, { spec: { namespaceMapping } }: Restore): Unstructured {
  const mapping = namespaceMapping ?? {};
  if (Object.keys(mapping).length === 0) return binding;
  for (const subject of fields.objects(binding, 'subjects')) {
    const namespace = fields.text(subject, 'namespace');
    if (Object.hasOwn(mapping, namespace)) subject['namespace'] = mapping[namespace];
  }
  return binding;
}
