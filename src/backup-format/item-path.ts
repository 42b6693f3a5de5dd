import { BowlineError } from '../api/errors.ts';
import type { GroupResource, ResourceIdentifier } from '../api/unstructured.ts';

/** Where an item stands in the tarball. */
export interface ItemPlace extends ResourceIdentifier {
  /** The version that it had when it was listed. */
  readonly version: string;
  /** Whether that is the version which the cluster prefers. */
  readonly preferred: boolean;
}

/** An item by its path; `version` is absent on the classic path. */
export interface ParsedItemPath extends ResourceIdentifier {
  readonly version?: string;
}

/** Longest path that is read: two names, a group-resource and a version, each of 253 bytes, come nowhere near. */
const longestPath = 2_048;
// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const hostileCharacter = /[\\\x00-\x1f\x7f]/;

/**
 * The paths of an item: the classic one, which every Velero reads, only for the preferred version; and the one with the version.
 * Source: Velero `pkg/archive/filesystem.go`.
 */
export function itemPaths({ groupResource, version, preferred, namespace, name }: ItemPlace): string[] {
  const scope = namespace === '' ? `cluster/${name}.json` : `namespaces/${namespace}/${name}.json`;
  const root = `resources/${groupResource}`;
  return preferred
    ? [`${root}/${scope}`, `${root}/${version}-preferredversion/${scope}`]
    : [`${root}/${version}/${scope}`];
}

/**
 * The inverse of `itemPaths`; `undefined` for other entries, such as `metadata/version`.
 *
 * @throws BowlineError `CorruptBackup` for a path that no backup has: absolute, with `..`, backslashes or control characters
 */
export function parseItemPath(path: string): ParsedItemPath | undefined {
  const parts = safeParts(path);
  const [root, groupResource, ...rest] = parts;
  if (root !== 'resources' || groupResource === undefined) return undefined;
  const version = rest[0] === 'cluster' || rest[0] === 'namespaces' ? undefined : rest.shift();
  const place = scopeOf(groupResource, rest);
  if (place === undefined) return undefined;
  return version === undefined ? place : { ...place, version: version.replace(/-preferredversion$/, '') };
}

function scopeOf(groupResource: GroupResource, [scope, ...rest]: readonly string[]): ResourceIdentifier | undefined {
  const file = rest.at(-1);
  if (file === undefined || !file.endsWith('.json')) return undefined;
  const name = file.slice(0, -'.json'.length);
  if (scope === 'cluster' && rest.length === 1) return { groupResource, namespace: '', name };
  if (scope === 'namespaces' && rest.length === 2) return { groupResource, namespace: rest[0]!, name };
  return undefined;
}

/** The segments of a path, with a leading `./` and a directory's trailing slash forgiven. */
function safeParts(path: string): string[] {
  const parts = path.replace(/^\.\//, '').replace(/\/$/, '').split('/');
  const hostile =
    path.length > longestPath ||
    hostileCharacter.test(path) ||
    parts.some((part) => part === '' || part === '.' || part === '..');
  if (hostile)
    throw new BowlineError('CorruptBackup', `entry ${JSON.stringify(path.slice(0, 200))}: a path that no backup has`);
  return parts;
}
