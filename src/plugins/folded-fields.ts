import { fields } from './item-fields.ts';

type Json = Record<string, unknown>;

/**
 * Reads of fields as Go's JSON decoder finds them: in any letter case, and of several names that differ in nothing else the last one in
 * the order of bytes. Other decoders, the API server's among them, know the exact name alone.
 */
export const foldedFields = {
  object: (parent: Json, field: string): Json | undefined => fields.object(parent, keyOf(parent, field)),
  objects: (parent: Json, field: string): Json[] => fields.objects(parent, keyOf(parent, field)),
  list: (parent: Json, field: string): unknown[] => fields.list(parent, keyOf(parent, field)),
  text: (parent: Json, field: string): string => fields.text(parent, keyOf(parent, field)),
  boolean: (parent: Json, field: string): boolean => fields.boolean(parent, keyOf(parent, field)),
};

function keyOf(parent: Json, field: string): string {
  const folded = field.toLowerCase();
  const keys = Object.keys(parent).filter((key) => key.length === field.length && key.toLowerCase() === folded);
  return keys.sort().at(-1) ?? field;
}
