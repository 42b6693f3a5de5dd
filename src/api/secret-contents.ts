import type { Unstructured } from './unstructured.ts';

/** What is shorter could stand anywhere, and gives nothing away. */
const shortest = 4;

/** A line of a longer value, such as a file of settings, counts as a secret of its own from this length on. */
const shortestLine = 8;

/**
 * A function that takes what a Secret holds out of a text about it: the values of `data`, as they are and in base64, of `stringData` and of its
 * annotations, among which kubectl keeps all of the former. Texts about items of other kinds stay as they are. It goes on knowing what the item
 * held if that is changed meanwhile.
 */
export function withoutContentsOf(item: Unstructured): (text: string) => string {
  if (item.kind !== 'Secret' || item.apiVersion !== 'v1') return (text) => text;
  const [encoded, plain] = [texts(item.data), [...texts(item.stringData), ...texts(item.metadata.annotations)]];
  // Most items are never told of.
  let contents: string[] | undefined;
  return (text) => {
    contents ??= contentsOf(encoded, plain);
    return contents.reduce((clean, one) => clean.replaceAll(one, '[redacted]'), text);
  };
}

/** The longest first: one may be a part of another. */
function contentsOf(encoded: readonly string[], plain: readonly string[]): string[] {
  const values = [...encoded, ...encoded.map((one) => decode(one)), ...plain];
  const lines = values.flatMap((value) => value.split(/\r?\n/)).filter(({ length }) => length >= shortestLine);
  const inJson = [...values, ...lines].map((value) => JSON.stringify(value).slice(1, -1));
  const known = new Set([...values, ...lines, ...inJson].filter(({ length }) => length >= shortest));
  return [...known].toSorted((a, b) => b.length - a.length);
}

function texts(values: unknown): string[] {
  const members = typeof values === 'object' && values !== null ? Object.values(values) : [];
  return members.filter((value) => typeof value === 'string');
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atobOrNothing(base64), (character) => character.charCodeAt(0)));
}

function atobOrNothing(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
