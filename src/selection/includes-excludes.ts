/** A filter by names: what is included and not excluded. */
export interface IncludesExcludes {
  includes(name: string): boolean;
  /** Whether every name passes: nothing is excluded, and all is included. */
  readonly everything: boolean;
}

/** A filter of literal names and globs (`*`, `?`, `[a-c]`, `[!a]`); empty includes mean all. Excludes win. */
export function includesExcludes(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): IncludesExcludes {
  const included = (includes ?? []).map(glob);
  const excluded = (excludes ?? []).map(glob);
  const all = included.length === 0 || (includes ?? []).includes('*');
  return {
    includes: (name) =>
      !excluded.some((matches) => matches(name)) && (all || included.some((matches) => matches(name))),
    everything: all && excluded.length === 0,
  };
}

/** Whether a name is a glob rather than a literal. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

function glob(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const source = pattern.replace(
    /\[(!?)([^\]]*)\]|\*|\?|[\\^$.|+(){}[\]]/g,
    (token, not: string | undefined, range: string | undefined) => {
      if (token === '*') return '.*';
      if (token === '?') return '.';
      return range === undefined ? `\\${token}` : `[${not ? '^' : ''}${range.replace(/[\\\]^]/g, '\\$&')}]`;
    },
  );
  const expression = new RegExp(`^${source}$`, 's');
  return (name) => expression.test(name);
}

/** What is wrong with a pair of lists; `what` names them in messages. Source: Velero `pkg/util/collections/includes_excludes.go`. */
export function validateIncludesExcludes(
  what: string,
  includes: readonly string[] = [],
  excludes: readonly string[] = [],
): string[] {
  const problems: string[] = [];
  if (includes.length > 1 && includes.includes('*')) problems.push(`${what}: "*" must stand alone in the includes`);
  if (excludes.includes('*')) problems.push(`${what}: "*" is not allowed in the excludes`);
  for (const name of excludes)
    if (name !== '*' && includes.includes(name)) problems.push(`${what}: ${name} is both included and excluded`);
  return problems;
}
