import { RE2JS } from 're2js';

/** Whether a text matches. */
export type Matcher = (text: string) => boolean;

/** A regular expression as Go reads it, found anywhere in a text, in time that grows with the text alone. Throws for what is none. */
export function compileRegex(expression: string): Matcher {
  const compiled = RE2JS.compile(expression);
  return (text) => compiled.matcher(text).find();
}

/**
 * A glob of group-resources: `*` and `?` stop at dots, `**` does not; `[a-c]`, `[!a]` and `{a,b}` are known.
 * Throws for what is none. Source: github.com/gobwas/glob, with `.` for its separator.
 */
export function compileGroupResource(glob: string): Matcher {
  let depth = 0;
  const pieces = (glob.match(/\\.|\*\*|\[!?[^\]]+\]|[^]/g) ?? []).map((token) => {
    if (token === '{') depth++;
    else if (token === '}' && depth > 0) depth--;
    else if (token !== ',' || depth === 0) return pieceOf(token);
    return { '{': '(?:', '}': ')', ',': '|' }[token];
  });
  if (depth !== 0) throw new Error('a brace is not closed');
  const compiled = RE2JS.compile(pieces.join(''));
  return (text) => compiled.matches(text);
}

function pieceOf(token: string): string {
  if (token === '**') return '.*';
  if (token === '*') return '[^.]*';
  if (token === '?') return '[^.]';
  if (token.length > 2) return token.replace('[!', '[^');
  return RE2JS.quote(token.replace(/^\\(?=.)/, ''));
}
