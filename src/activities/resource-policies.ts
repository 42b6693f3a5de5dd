import { parse } from 'yaml';
import type { Unstructured } from '../api/unstructured.ts';
import { parseQuantity } from '../plugins/quantity.ts';
import { validateScopedIncludesExcludes } from '../selection/includes-excludes.ts';
import type { ScopedLists } from '../selection/resource-filter.ts';
import { volumeTypes, type VolumeConditions, type VolumePolicy } from './volume-policies.ts';

/** What a resource policy's ConfigMap says. Source: Velero v1.18.1 `internal/resourcepolicies`. */
export interface ResourcePolicies {
  /** The first whose conditions all hold decides. */
  readonly volumePolicies: readonly VolumePolicy[];
  /** Lists that are added to the spec's own, which win. */
  readonly includeExclude?: ScopedLists;
}

/** Policies, or everything that is wrong with them. */
export type ParsedPolicies =
  | { readonly policies: ResourcePolicies; readonly problems: readonly [] }
  | { readonly policies?: undefined; readonly problems: readonly string[] };

/** Reads a ConfigMap, whose one entry is YAML. Each problem names the key and what was expected. */
export function parseResourcePolicies({ metadata, data }: Unstructured): ParsedPolicies {
  const entries = Object.values((data ?? {}) as Record<string, string>);
  const at = `resource policy ${metadata.name}`;
  if (entries.length !== 1) return { problems: [`${at}: expected one entry in data, got ${entries.length}`] };
  let document: unknown;
  try {
    document = parse(entries[0]!);
  } catch (error) {
    return { problems: [`${at}: ${(error as Error).message.split('\n')[0]}`] };
  }
  const reader = new Reader(at);
  const policies = reader.policies(document);
  return reader.problems.length > 0 ? { problems: reader.problems } : { policies, problems: [] };
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads what is right, and collects what is not. */
class Reader {
  readonly problems: string[] = [];
  readonly #at: string;

  constructor(at: string) {
    this.#at = at;
  }

  policies(document: unknown): ResourcePolicies {
    const { version, volumePolicies, includeExcludePolicy } = this.#fields(document, '', [
      'version',
      'volumePolicies',
      'includeExcludePolicy',
    ]);
    if (version !== 'v1') this.#problem('version', 'v1', version);
    return {
      volumePolicies: this.#list(volumePolicies, 'volumePolicies', (one, path) => this.#volumePolicy(one, path)),
      ...(includeExcludePolicy != null && { includeExclude: this.#scopedLists(includeExcludePolicy) }),
    };
  }

  #volumePolicy(value: unknown, path: string): VolumePolicy {
    const { conditions, action } = this.#fields(value, path, ['conditions', 'action']);
    const { type } = this.#fields(action, `${path}.action`, ['type', 'parameters']);
    const known = type === 'skip' || type === 'snapshot' || type === 'custom';
    if (type === 'fs-backup') this.problems.push(`${this.#at}: ${path}.action.type: fs-backup: not supported yet`);
    else if (!known) this.#problem(`${path}.action.type`, 'skip, snapshot or custom', type);
    return { action: known ? type : 'skip', conditions: this.#conditions(conditions ?? {}, `${path}.conditions`) };
  }

  #conditions(value: unknown, path: string): VolumeConditions {
    const given = this.#fields(value, path, [
      'capacity',
      'storageClass',
      'nfs',
      'csi',
      'volumeTypes',
      'pvcLabels',
      'pvcPhase',
    ]);
    const at = (key: string): string => `${path}.${key}`;
    const types = this.#texts(given['volumeTypes'], at('volumeTypes'));
    for (const type of types.filter((one) => !volumeTypes.includes(one)))
      this.#problem(at('volumeTypes'), volumeTypes.join(', '), type);
    return {
      ...(given['capacity'] != null && { capacity: this.#capacity(given['capacity'], at('capacity')) }),
      ...filled('storageClass', this.#texts(given['storageClass'], at('storageClass'))),
      ...(given['nfs'] != null && { nfs: this.#textFields(given['nfs'], at('nfs'), ['server', 'path']) }),
      ...(given['csi'] != null && { csi: this.#csi(given['csi'], at('csi')) }),
      ...filled('volumeTypes', types),
      ...(given['pvcLabels'] != null && { pvcLabels: this.#textMap(given['pvcLabels'], at('pvcLabels')) }),
      ...filled('pvcPhase', this.#texts(given['pvcPhase'], at('pvcPhase'))),
    };
  }

  /** `10Gi,100Gi`; either side may be empty, which is 0 here: no limit. */
  #capacity(value: unknown, path: string): { lower: number; upper: number } {
    const parts = String(value).split(',');
    const [lower, upper] = parts.map((part) => (part.trim() === '' ? 0 : parseQuantity(part.trim())));
    if (parts.length !== 2 || lower === undefined || upper === undefined || (upper < lower && upper !== 0)) {
      this.#problem(path, 'a range such as 10Gi,100Gi', value);
      return { lower: 0, upper: 0 };
    }
    return { lower, upper };
  }

  #csi(value: unknown, path: string): NonNullable<VolumeConditions['csi']> {
    const { driver, volumeAttributes } = this.#fields(value, path, ['driver', 'volumeAttributes']);
    const attributes = volumeAttributes == null ? {} : this.#textMap(volumeAttributes, `${path}.volumeAttributes`);
    const hasDriver = typeof driver === 'string' && driver !== '';
    if (driver != null && typeof driver !== 'string') this.#problem(`${path}.driver`, 'text', driver);
    if (!hasDriver && volumeAttributes != null)
      this.problems.push(`${this.#at}: ${path}.driver: missing; volumeAttributes need one`);
    return {
      ...(hasDriver && { driver }),
      ...(Object.keys(attributes).length > 0 && { volumeAttributes: attributes }),
    };
  }

  #scopedLists(value: unknown): ScopedLists {
    const path = 'includeExcludePolicy';
    const lists: Record<string, readonly string[]> = {};
    const given = this.#fields(value, path, [
      'includedClusterScopedResources',
      'excludedClusterScopedResources',
      'includedNamespaceScopedResources',
      'excludedNamespaceScopedResources',
    ]);
    for (const [key, list] of Object.entries(given)) lists[key] = this.#texts(list, `${path}.${key}`);
    for (const scope of ['ClusterScoped', 'NamespaceScoped']) {
      const [included = [], excluded = []] = ['included', 'excluded'].map((side) => lists[`${side}${scope}Resources`]);
      const problems = validateScopedIncludesExcludes(`${path}.*${scope}Resources`, included, excluded);
      if ([...included, ...excluded].includes('*')) problems.push(`${path}.*${scope}Resources: "*" is not allowed`);
      this.problems.push(...problems.map((problem) => `${this.#at}: ${problem}`));
    }
    return lists;
  }

  #fields(value: unknown, path: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#problem(path, 'keys and values', value);
      return {};
    }
    for (const key of Object.keys(value).filter((one) => !known.includes(one))) {
      const whole = path === '' ? key : `${path}.${key}`;
      this.problems.push(`${this.#at}: ${whole}: unknown key; known are ${known.join(', ')}`);
    }
    return Object.fromEntries(Object.entries(value).filter(([key]) => known.includes(key)));
  }

  #textFields<K extends string>(value: unknown, path: string, known: readonly K[]): { readonly [P in K]?: string } {
    const given = Object.entries(this.#fields(value, path, known)).filter(([, one]) => one != null && one !== '');
    return this.#textMap(Object.fromEntries(given), path) as { readonly [P in K]?: string };
  }

  #textMap(value: unknown, path: string): Record<string, string> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#problem(path, 'texts by name', value);
      return {};
    }
    for (const [key, one] of Object.entries(value))
      if (typeof one !== 'string') this.#problem(`${path}.${key}`, 'text', one);
    return value as Record<string, string>;
  }

  #texts(value: unknown, path: string): string[] {
    return this.#list(value, path, (one, at) => {
      if (typeof one !== 'string') this.#problem(at, 'text', one);
      return String(one);
    });
  }

  #list<T>(value: unknown, path: string, read: (one: unknown, path: string) => T): T[] {
    if (value == null) return [];
    if (Array.isArray(value)) return value.map((one, index) => read(one, `${path}[${index}]`));
    this.#problem(path, 'a list', value);
    return [];
  }

  #problem(path: string, expected: string, got: unknown): void {
    const where = path === '' ? this.#at : `${this.#at}: ${path}`;
    this.problems.push(`${where}: expected ${expected}, got ${JSON.stringify(got) ?? 'nothing'}`);
  }
}

function filled<K extends string>(key: K, list: readonly string[]): { readonly [P in K]?: readonly string[] } {
  return (list.length > 0 ? { [key]: list } : {}) as { readonly [P in K]?: readonly string[] };
}
