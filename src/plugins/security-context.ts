import { parseAllDocuments } from 'yaml';
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
 * A SecurityContext from YAML or JSON, the first document of it. Names are known in any letter case. Members that it does not know, that
 * come twice or that are of another type are refused; one that is `null` is handed back so, for it takes away what was set before.
 * Numbers and booleans pass as text where text is expected.
 *
 * @throws BowlineError `InvalidConfig`
 */
export function parseSecurityContext(text: string): Record<string, unknown> {
  // Kubernetes' own reader knows YAML 1.1, where `yes` is true.
  const [document] = parseAllDocuments(text, { version: '1.1', intAsBigInt: true });
  if (document === undefined) return {};
  if (document.errors.length > 0)
    throw new BowlineError('InvalidConfig', 'security context: expected YAML in which no key comes twice');
  return readMembers(document.toJS() ?? {}, securityContext, 'security context');
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
  return /^[+-]?\d+$/.test(text) ? integerOf(BigInt(text.replace('+', ''))) : undefined;
}

/** With all its digits; `undefined` beyond 64 bits. */
function integerOf(value: bigint): unknown {
  return BigInt.asIntN(64, value) === value ? parseJson(String(value)) : undefined;
}

/** In the spellings that Go knows. */
function parseBoolean(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function read(value: unknown, type: Type, path: string): unknown {
  if (typeof type === 'object') return withoutNulls(readMembers(value, type, path));
  if (type === 'texts' && Array.isArray(value)) return value.map((entry) => read(entry ?? '', 'text', path));
  if (type === 'text' && ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return String(value);
  if (type === 'boolean' && typeof value === 'boolean') return value;
  const integer = type === 'integer' && isWhole(value) ? integerOf(BigInt(value)) : undefined;
  if (integer !== undefined) return integer;
  throw new BowlineError('InvalidConfig', `${path}: expected ${type === 'texts' ? 'a list of texts' : type}`);
}

function isWhole(value: unknown): value is bigint | number {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function readMembers(value: unknown, types: Types, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BowlineError('InvalidConfig', `${path}: expected an object`);
  const members = Object.entries(value).map(([given, member]) => {
    const name = Object.keys(types).find((known) => known.toLowerCase() === given.toLowerCase());
    if (name === undefined) throw new BowlineError('InvalidConfig', `${path}: unknown member ${given}`);
    return [name, member === null ? null : read(member, types[name]!, `${path}: ${name}`)];
  });
  return Object.fromEntries(members) as Record<string, unknown>;
}

/** The members that are not `null`. */
export function withoutNulls(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== null));
}
