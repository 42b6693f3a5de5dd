/** A filter by names: what is included and not excluded. */
export interface IncludesExcludes {
  includes(name: string): boolean;
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
  return {
    includes: (name) =>
      !excluded.some((matches) => matches(name)) && (all || included.some((matches) => matches(name))),
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
  const problems: string[] = [];
  if (includes.length > 1 && includes.includes('*')) problems.push(`${what}: "*" must stand alone in the includes`);
  if (excludes.includes('*')) problems.push(`${what}: "*" is not allowed in the excludes`);
  for (const name of [...includes, ...excludes])
    problems.push(...patternProblems(name).map((problem) => `${what}: ${problem}`));
  for (const name of excludes)
    if (name !== '*' && includes.includes(name)) problems.push(`${what}: ${name} is both included and excluded`);
  return problems;
}

/** What is wrong with a name or glob by itself. */
export function patternProblems(name: string): string[] {
  return compile(name) === undefined
    ? [`${JSON.stringify(name)} is neither a name nor a glob of *, ?, [a-c], [!a]`]
    : [];
}
