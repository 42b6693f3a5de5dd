import assert from 'node:assert/strict';
import type { Check } from '../../../src/plugins/conformance/check.ts';

/** Titles of the checks that a subject does not pass. */
export async function failuresOf<Subject>(
  checks: readonly Check<Subject>[],
  open: () => Promise<Subject>,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, verify } of checks) {
    const subject = await open();
    await verify(subject).catch(() => failed.push(title));
  }
  return failed;
}

/** An object with some methods replaced; the others stay bound to the whole one. */
export function withMethods<T extends object>(whole: T, replaced: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Declares that each check has a title of its own, a sentence without an end mark. */
export function itHasDistinctTitles(checks: readonly Check<never>[]): void {
  it('has a title of its own for each check', () => {
    const titles = checks.map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length);
    for (const title of titles) assert.doesNotMatch(title, /\.$/);
  });
}
