import { parse } from 'yaml';
import { parseJson, type JsonValue } from '../api/json.ts';

/** YAML as JSON, with every digit of whole numbers; or what is wrong with it. */
export function parseYaml(source: string): { readonly value: JsonValue } | { readonly problem: string } {
  try {
    const value: unknown = parse(source, { intAsBigInt: true });
    // Whole numbers of any size are written out, and read again as any item of a backup is.
    const json = JSON.stringify(value ?? null, (_key, member: unknown) =>
      typeof member === 'bigint' ? parseJson(member.toString()) : member,
    );
    return { value: parseJson(json) };
  } catch (error) {
    return { problem: `no YAML: ${(error as Error).message.split('\n')[0]}` };
  }
}

/**
 * The value that an operation's text stands for: an object, a list, a number, `true`, `false` or `null`, else the text itself, without
 * the quotes that it may have to be one. `undefined` for what begins like an object or a list and is none.
 * Source: Velero v1.18.1 `internal/resourcemodifiers/json_patch.go`.
 */
export function patchValue(text: string): JsonValue | undefined {
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"')) return unescaped(text.slice(1, -1));
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (text === 'null' || isNumber.test(text)) return parseJson(text);
  return /^[{[]/.test(text) ? jsonOf(text) : unescaped(text);
}

const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/** Velero puts the text into JSON as it is, so that it may hold JSON's escapes. */
function unescaped(text: string): JsonValue {
  return jsonOf(`"${text}"`) ?? text;
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
