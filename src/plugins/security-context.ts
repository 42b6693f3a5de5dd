import { parse } from 'yaml';
import { BowlineError } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';

/** What a member of a security context holds: one of these, or an object of such members. */
type Type = 'boolean' | 'integer' | 'text' | 'texts' | Types;

interface Types {
  readonly [member: string]: Type;
}

/** Source: Kubernetes 1.33 `api/core/v1/types.go`, SecurityContext. */
const securityContext: Types = {
  capabilities: { add: 'texts', drop: 'texts' },
  privileged: 'boolean',
  seLinuxOptions: { user: 'text', role: 'text', type: 'text', level: 'text' },
  windowsOptions: {
    gmsaCredentialSpecName: 'text',
    gmsaCredentialSpec: 'text',
    runAsUserName: 'text',
    hostProcess: 'boolean',
  },
  runAsUser: 'integer',
  runAsGroup: 'integer',
  runAsNonRoot: 'boolean',
  readOnlyRootFilesystem: 'boolean',
  allowPrivilegeEscalation: 'boolean',
  procMount: 'text',
  seccompProfile: { type: 'text', localhostProfile: 'text' },
  appArmorProfile: { type: 'text', localhostProfile: 'text' },
};

/**
 * A SecurityContext from YAML or JSON. Members that it does not know, that come twice or that are of another type are refused;
 * those that are `null` count as absent. Numbers and booleans pass as text where text is expected.
 *
 * @throws BowlineError `InvalidConfig`
 */
export function parseSecurityContext(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    // Kubernetes' own reader knows YAML 1.1, where `yes` is true.
    value = parse(text, { version: '1.1' }) ?? {};
  } catch {
    throw new BowlineError('InvalidConfig', 'security context: expected YAML in which no key comes twice');
  }
  return read(value, securityContext, 'security context') as Record<string, unknown>;
}

/** The members of a security context that have a key of their own in a configuration, in the order in which they are read. */
const keys = [
  { member: 'runAsUser', key: 'secCtxRunAsUser', parse: parseInteger },
  { member: 'runAsGroup', key: 'secCtxRunAsGroup', parse: parseInteger },
  { member: 'allowPrivilegeEscalation', key: 'secCtxAllowPrivilegeEscalation', parse: parseBoolean },
] as const;

/** What the keys `secCtx…` of a configuration say, up to the first that can't be read, which `unreadable` names. */
export function readSecurityKeys(config: Readonly<Record<string, string>>): {
  readonly members: Readonly<Record<string, unknown>>;
  readonly unreadable?: string;
} {
  const members: Record<string, unknown> = {};
  for (const { member, key, parse } of keys) {
    if (!config[key]) continue;
    const value = parse(config[key]);
    if (value === undefined) return { members, unreadable: key };
    members[member] = value;
  }
  return { members };
}

/** A whole number of 64 bits. */
function parseInteger(text: string): unknown {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? parseJson(String(value)) : undefined;
}

/** In the spellings that Go knows. */
function parseBoolean(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function read(value: unknown, type: Type, path: string): unknown {
  if (typeof type === 'object') return readMembers(value, type, path);
  if (type === 'texts' && Array.isArray(value)) return value.map((entry) => read(entry, 'text', path));
  if (type === 'text' && ['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  if (type === 'boolean' && typeof value === 'boolean') return value;
  if (type === 'integer' && Number.isInteger(value)) return value;
  throw new BowlineError('InvalidConfig', `${path}: expected ${type === 'texts' ? 'a list of texts' : type}`);
}

function readMembers(value: unknown, types: Types, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BowlineError('InvalidConfig', `${path}: expected an object`);
  const members = Object.entries(value).flatMap(([name, member]) => {
    if (!Object.hasOwn(types, name)) throw new BowlineError('InvalidConfig', `${path}: unknown member ${name}`);
    return member === null ? [] : [[name, read(member, types[name]!, `${path}: ${name}`)]];
  });
  return Object.fromEntries(members) as Record<string, unknown>;
}
