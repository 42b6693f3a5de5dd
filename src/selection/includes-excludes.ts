/** A filter by names: what is included and not excluded. */
export interface IncludesExcludes {
  includes(name: string): boolean;
  /** Whether the excludes match, whatever the includes say. */
  excludes(name: string): boolean;
  /** Whether every name passes: nothing is excluded, and there are no includes or `*` alone. */
  readonly everything: boolean;
}

/**
 * A filter of literal names and globs (`*`, `?`, `[a-c]`, `[!a]`); empty includes mean all. Excludes win. A glob that is none
 * matches nothing but its own text.
 */
export function includesExcludes(
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): IncludesExcludes {
  const included = (includes ?? []).map(glob);
  const excluded = (excludes ?? []).map(glob);
  const all = included.length === 0 || (includes ?? []).includes('*');
  const allByRule = (includes ?? []).every((name) => name === '*');
  const isExcluded = (name: string): boolean => excluded.some((matches) => matches(name));
  return {
    includes: (name) => !isExcluded(name) && (all || included.some((matches) => matches(name))),
    excludes: isExcluded,
    everything: allByRule && excluded.length === 0,
  };
}

/** Whether a name is a glob rather than a literal. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/** What a glob is made of, beside the characters of names. */
const globTokens = /\*(?!\*)|\?|\[(!?)([\w.-]+)\]|[\w.:/-]/g;

function glob(pattern: string): (name: string) => boolean {
  const expression = isGlob(pattern) ? compile(pattern) : undefined;
  return expression === undefined ? (name) => name === pattern : (name) => expression.test(name);
}

/** `undefined` for what is no glob: an open bracket, a range from back to front, or a character that no name has. */
function compile(pattern: string): RegExp | undefined {
  if (pattern.replace(globTokens, '') !== '') return undefined;
  const pieces = [...pattern.matchAll(globTokens)].map(([token, not, range]) => {
    if (token === '*') return token;
    if (token === '?') return '.';
    return range === undefined ? token.replace(/[./]/, '\\$&') : `[${not ? '^' : ''}${range}]`;
  });
  const [head = '', ...rest] = pieces.join('').split('*');
  const tail = rest.pop();
  // The first place where a part between two stars fits is kept for good: no pattern can make the search go astray.
  const middle = rest.map((part, index) => `(?=(.*?${part}))\\${index + 1}`).join('');
  try {
    return new RegExp(`^${head}${tail === undefined ? '' : `${middle}.*${tail}`}$`, 's');
  } catch {
    return undefined;
  }
}

/** What is wrong with a pair of lists; `what` names them in messages. Source: Velero `pkg/util/collections/includes_excludes.go`. */
export function validateIncludesExcludes(
  what: string,
  includes: readonly string[] = [],
  excludes: readonly string[] = [],
): string[] {
  const ofStar = excludes.includes('*') ? ['"*" is not allowed in the excludes'] : [];
  return problemsOf({ includes, excludes, ofStar }).map((problem) => `${what}: ${problem}`);
}

/** The same of lists for one scope, where `*` may be excluded: then nothing of that scope is taken. */
export function validateScopedIncludesExcludes(
  what: string,
  includes: readonly string[] = [],
  excludes: readonly string[] = [],
): string[] {
  const ofStar: string[] = [];
  if (excludes.includes('*')) {
    if (excludes.length > 1) ofStar.push('"*" must stand alone in the excludes');
    if (includes.length > 0) ofStar.push('with "*" excluded nothing can be included');
  }
  return problemsOf({ includes, excludes, ofStar }).map((problem) => `${what}: ${problem}`);
}

function problemsOf({
  includes,
  excludes,
  ofStar,
}: Readonly<Record<'includes' | 'excludes' | 'ofStar', readonly string[]>>): string[] {
  const problems = [
    ...(includes.length > 1 && includes.includes('*') ? ['"*" must stand alone in the includes'] : []),
    ...ofStar,
  ];
  problems.push(...[...includes, ...excludes].flatMap(patternProblems));
  for (const name of excludes)
    if (name !== '*' && includes.includes(name)) problems.push(`${name} is both included and excluded`);
  return problems;
}

/** What is wrong with a name or glob by itself. */
export function patternProblems(name: string): string[] {
  return compile(name) === undefined
    ? [`${JSON.stringify(name)} is neither a name nor a glob of *, ?, [a-c], [!a]`]
    : [];
}
