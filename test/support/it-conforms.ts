import type { Check } from '../../src/plugins/conformance/check.ts';

/** Titles of checks that a subject is known to fail, each with the reason. */
export type Deviations = Readonly<Record<string, string>>;

const declared = new WeakSet<object>();

/** Whether a test was declared by `itConforms`. */
export function isCheck(test: object): boolean {
  return declared.has(test);
}

/** Declares one test per check, each with a subject of its own. Deviations show as skipped; one that names no check is a mistake. */
export function itConforms<Subject>(
  checks: readonly Check<Subject>[],
  open: () => Promise<Subject>,
  deviations: Deviations = {},
): void {
  const unknown = Object.keys(deviations).find((title) => !checks.some((check) => check.title === title));
  if (unknown !== undefined) throw new Error(`no check is called ${JSON.stringify(unknown)}`);
  for (const { title, verify } of checks) {
    const reason = deviations[title];
    const test =
      reason === undefined ? it(title, async () => verify(await open())) : it.skip(`${title} (${reason})`, noop);
    declared.add(test);
  }
}

function noop(): void {}
