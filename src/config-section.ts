import { parseGoDuration } from './api/duration.ts';
import { parseListenAddress, type ListenAddress } from './api/listen-address.ts';

/** Collects what is wrong, so that all of it is told at once. */
export class Reader {
  readonly problems: string[] = [];
  readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.env = env;
  }

  section(value: unknown, path: string): Section {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return new Section(this, value as Record<string, unknown>, path);
    if (value !== undefined) this.problems.push(`${path || 'the file'}: expected keys and values`);
    return new Section(this, {}, path);
  }
}

/** One mapping of the file; a scalar of it may be overridden by `BOWLINE_<PATH>`. */
export class Section {
  readonly #reader: Reader;
  readonly #values: Record<string, unknown>;
  readonly #path: string;
  readonly #known = new Set<string>();

  constructor(reader: Reader, values: Record<string, unknown>, path: string) {
    this.#reader = reader;
    this.#values = values;
    this.#path = path;
  }

  section(key: string): Section {
    this.#known.add(key);
    return this.#reader.section(this.#values[key] ?? undefined, this.#at(key));
  }

  list<T>(key: string, read: (section: Section) => T): T[] {
    this.#known.add(key);
    const value = this.#values[key] ?? [];
    if (Array.isArray(value))
      return value.map((one, index) => read(this.#reader.section(one ?? null, `${this.#at(key)}[${index}]`)));
    this.#reader.problems.push(`${this.#at(key)}: expected a list`);
    return [];
  }

  /** @param fallback absent for a value that has to be there */
  text(key: string, fallback?: string, variable?: string): string {
    const value = this.#read(key, variable) ?? fallback;
    if (typeof value === 'string' && (value !== '' || fallback === '')) return value;
    this.#reader.problems.push(`${this.#at(key)}: ${value === undefined ? 'missing; expected text' : 'expected text'}`);
    return '';
  }

  /** A Go duration, as its text. */
  duration(key: string, fallback: string): string {
    const text = this.text(key, fallback);
    if (parseGoDuration(text) === undefined) this.refuse(key, `expected a duration such as 720h0m0s, got ${text}`);
    return text;
  }

  /** An address such as `0.0.0.0:8081`. */
  optionalAddress<K extends string>(key: K): { readonly [P in K]?: ListenAddress } {
    const { [key]: text } = this.optionalText(key);
    // What is no text is refused already.
    if (!text) return {};
    const address = parseListenAddress(text);
    if (address !== undefined) return { [key]: address } as { readonly [P in K]?: ListenAddress };
    this.refuse(key, `expected a host and a port such as 0.0.0.0:8081, got ${text}`);
    return {};
  }

  /** Whether the mapping has the key. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** Adds a problem with the value of a key. */
  refuse(key: string, problem: string): void {
    this.#reader.problems.push(`${this.#at(key)}: ${problem}`);
  }

  optionalText<K extends string>(key: K, variable?: string): { readonly [P in K]?: string } {
    return this.#read(key, variable) === undefined
      ? {}
      : ({ [key]: this.text(key, undefined, variable) } as { readonly [P in K]?: string });
  }

  optionalBoolean<K extends string>(key: K): { readonly [P in K]?: boolean } {
    const value = this.#read(key);
    if (value === undefined) return {};
    if (value === true || value === false || value === 'true' || value === 'false')
      return { [key]: String(value) === 'true' } as { readonly [P in K]?: boolean };
    this.#reader.problems.push(`${this.#at(key)}: expected true or false`);
    return {};
  }

  oneOf<K extends string, V extends string>(key: K, values: readonly V[]): { readonly [P in K]?: V } {
    const value = this.#read(key);
    if (value === undefined) return {};
    if (values.some((one) => one === value)) return { [key]: value } as { readonly [P in K]?: V };
    this.#reader.problems.push(`${this.#at(key)}: expected one of ${values.join(', ')}`);
    return {};
  }

  /** A list of texts; absent if the key is. */
  optionalTexts<K extends string>(key: K): { readonly [P in K]?: readonly string[] } {
    this.#known.add(key);
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return {};
    if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
      return { [key]: value as string[] } as unknown as { readonly [P in K]?: readonly string[] };
    this.refuse(key, 'expected a list of texts');
    return {};
  }

  /** A list of some of `values`, at least one; all of them if the key is absent. */
  someOf<V extends string>(key: string, values: readonly V[]): readonly V[] {
    const { [key]: named } = this.optionalTexts(key);
    if (named === undefined) return values;
    const known = values.filter((value) => named.includes(value));
    if (named.length === 0 || named.some((name) => !values.some((value) => value === name)))
      this.refuse(key, `expected some of ${values.join(', ')}`);
    return known;
  }

  /** A variable of the environment, whatever its name. */
  variable(name: string): string | undefined {
    return this.#reader.env[name];
  }

  count(key: string, fallback: number, most: number): number {
    const value = this.#read(key) ?? fallback;
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= most) return number;
    this.#reader.problems.push(`${this.#at(key)}: expected a whole number from 1 to ${most}`);
    return fallback;
  }

  /** `undefined` is left out; with a `least` below 1 fractions are taken, too. */
  optionalNumber<K extends string>(key: K, least: number, most: number): { readonly [P in K]?: number } {
    const value = this.#read(key);
    if (value === undefined) return {};
    const isInRange = typeof value === 'number' && value >= least && value <= most;
    if (isInRange && (least < 1 || Number.isInteger(value))) return { [key]: value } as { readonly [P in K]?: number };
    this.refuse(key, `expected a ${least < 1 ? '' : 'whole '}number from ${least} to ${most}`);
    return {};
  }

  /** A mapping of texts; numbers and booleans, which YAML makes of unquoted ones, are taken as their text. */
  texts(key: string): Record<string, string> {
    this.#known.add(key);
    const value = this.#values[key] ?? {};
    if (
      typeof value === 'object' &&
      !Array.isArray(value) &&
      Object.values(value).every((one) => ['string', 'number', 'boolean'].includes(typeof one))
    ) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
    }
    this.#reader.problems.push(`${this.#at(key)}: expected texts by name`);
    return {};
  }

  refuseOthers(): void {
    for (const key of Object.keys(this.#values)) {
      if (!this.#known.has(key))
        this.#reader.problems.push(`${this.#at(key)}: unknown key; known are ${[...this.#known].join(', ')}`);
    }
  }

  #read(key: string, variable?: string): unknown {
    this.#known.add(key);
    const derived = `BOWLINE_${this.#at(key)
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toUpperCase()}`;
    const inList = this.#at(key).includes('[');
    return (
      (inList ? undefined : (this.#reader.env[variable ?? derived] ?? this.#reader.env[derived])) ??
      this.#values[key] ??
      undefined
    );
  }

  #at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}
