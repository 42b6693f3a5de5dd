import { BowlineError } from '../api/errors.ts';
import { isRawNumber } from '../api/json.ts';

/**
 * Reads of the fields that an action needs, from objects of which everything else is left alone. An absent or `null` field reads
 * as the empty value; one of another type is the item's error.
 */
interface FieldReader {
  /** @throws BowlineError `InvalidItem` naming the field */
  object(parent: object, field: string): Record<string, unknown> | undefined;
  list(parent: object, field: string): unknown[];
  objects(parent: object, field: string): Record<string, unknown>[];
  text(parent: object, field: string): string;
  boolean(parent: object, field: string): boolean;
  number(parent: object, field: string): number;
}

/** Reads fields of the item that `of` names in messages. */
export const fields: FieldReader = {
  object(parent, field) {
    const value = read(parent, field);
    if (value == null) return undefined;
    if (isObject(value)) return value;
    throw unexpected(field, 'an object', value);
  },

  list(parent, field) {
    const value = read(parent, field);
    if (value == null) return [];
    if (Array.isArray(value)) return value;
    throw unexpected(field, 'a list', value);
  },

  objects(parent, field) {
    return fields.list(parent, field).flatMap((entry): Record<string, unknown>[] => {
      if (entry == null) return [];
      if (isObject(entry)) return [entry];
      throw unexpected(field, 'objects', entry);
    });
  },

  text(parent, field) {
    const value = read(parent, field);
    if (value == null) return '';
    if (typeof value === 'string') return value;
    throw unexpected(field, 'text', value);
  },

  boolean(parent, field) {
    const value = read(parent, field);
    if (value == null) return false;
    if (typeof value === 'boolean') return value;
    throw unexpected(field, 'true or false', value);
  },

  number(parent, field) {
    const value = read(parent, field);
    if (value == null) return 0;
    if (typeof value === 'number') return value;
    if (isRawNumber(value)) return Number(value.rawJSON);
    throw unexpected(field, 'a number', value);
  },
};

/**
 * Removes members that hold text. What is of another type is the item's error, and not put away unseen.
 *
 * @throws BowlineError `InvalidItem` naming the field
 */
export function removeTexts(parent: object, names: readonly string[]): void {
  for (const name of names) {
    fields.text(parent, name);
    delete (parent as Record<string, unknown>)[name];
  }
}

function read(parent: object, field: string): unknown {
  return (parent as Record<string, unknown>)[field];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

function unexpected(field: string, expected: string, value: unknown): BowlineError {
  const got = Array.isArray(value) ? 'a list' : isRawNumber(value) ? 'number' : typeof value;
  return new BowlineError('InvalidItem', `field ${field}: expected ${expected}, got ${got}`);
}
