import assert from 'node:assert/strict';
import type { Check } from '../../src/plugins/conformance/check.ts';

/** Titles of checks that a subject fails, each with the reason. */
export type Deviations = Readonly<Record<string, string>>;

const declared = new WeakMap<object, 'check' | 'deviation'>();

/** What `itConforms` declared a test as, if it did. */
export function declaredAs(test: object): 'check' | 'deviation' | undefined {
  return declared.get(test);
}

/**
 * Declares one test per check, each with a subject of its own. A deviation is tested as well: the check has to fail, so that none
 * outlives its reason. One that names no check is a mistake.
 */
export function itConforms<Subject>(
  checks: readonly Check<Subject>[],
  open: () => Promise<Subject>,
  deviations: Deviations = {},
): void {
  const unknown = Object.keys(deviations).find((title) => !checks.some((check) => check.title === title));
  if (unknown !== undefined) throw new Error(`no check is called ${JSON.stringify(unknown)}`);
  for (const { title, verify } of checks) {
    const reason = deviations[title];
    if (reason === undefined) {
      declared.set(
        it(title, async () => verify(await open())),
        'check',
      );
      continue;
    }
    const deviation = it(`does not hold: ${title} (${reason})`, async () => {
      const subject = await open();
      await assert.rejects(async () => verify(subject), 'it holds: this is no deviation any more');
    });
    declared.set(deviation, 'deviation');
  }
}
