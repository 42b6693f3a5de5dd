/** A JSON text whose keys hold no escapes. */
export interface RenamedKeys {
  readonly text: string;
  /** What the keys that stand in the text instead were. */
  readonly keys: ReadonlyMap<string, string>;
}

/**
 * Whether an object of this process may have had a key that holds a backslash: until then V8 reads escaped keys as they are. Keys of
 * `managedFields` often hold escapes, and hardly any hold that.
 */
let isMisreading = false;

/**
 * Puts other keys in the place of those that are written with an escape, where V8 may read these as others; `undefined` where there are
 * none, or `text` is no JSON.
 *
 * Once any object of the process has had a key that holds a backslash, `JSON.parse` may take an escaped key of the same length for it,
 * such as that of one line feed for that of one backslash. Source: https://github.com/nodejs/node/issues/63785.
 */
export function renameEscapedKeys(text: string): RenamedKeys | undefined {
  if (!text.includes('\\')) return undefined;
  isMisreading ||= escapedBackslash.test(text) && [...escapedKeys(text)].some(({ key }) => key.includes('\\'));
  if (!isMisreading) return undefined;
  const found = [...escapedKeys(text)];
  return found.length === 0 ? undefined : rename(text, found);
}

const escapedBackslash = /\\(?:\\|u005c)/i;

function rename(text: string, found: readonly EscapedKey[]): RenamedKeys {
  let mark = 'key';
  while (text.includes(`"${mark}`)) mark += '_';
  const keys = new Map<string, string>();
  let [renamed, copied] = ['', 0];
  for (const { key, start, end } of found) {
    const name = `${mark}${keys.size}`;
    keys.set(name, key);
    renamed += `${text.slice(copied, start)}"${name}"`;
    copied = end;
  }
  return { text: renamed + text.slice(copied), keys };
}

/** A key that is written with an escape, and where it stands, with its quotes. */
interface EscapedKey {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

function* escapedKeys(text: string): Generator<EscapedKey> {
  for (let at = text.indexOf('\\'); at !== -1;) {
    const end = endOfString(text, at);
    if (end === -1) return;
    const start = text.lastIndexOf('"', at);
    if (isBeforeColon(text, end)) yield { key: JSON.parse(text.slice(start, end)) as string, start, end };
    at = text.indexOf('\\', end);
  }
}

/** The place after the string that holds the escape at `at`; -1 if it does not end. */
function endOfString(text: string, at: number): number {
  for (let place = at; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === backslash) place++;
    else if (code === quote) return place + 1;
  }
  return -1;
}

const backslash = 0x5c;
const quote = 0x22;

function isBeforeColon(text: string, at: number): boolean {
  let place = at;
  while (' \t\r\n'.includes(text[place] ?? '.')) place++;
  return text[place] === ':';
}
