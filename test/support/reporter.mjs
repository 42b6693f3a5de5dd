import mocha from 'mocha';
import { conformanceTable } from './conformance-table.ts';
import { isCheck } from './it-conforms.ts';

/**
 * The usual report, with a table of who passed which contract's checks, closed by one line that tools count by: `N passed,
 * N failed, N skipped`.
 */
export default class Reporter extends mocha.reporters.Spec {
  #conformance = new Map();

  constructor(runner, options) {
    super(runner, options);
    for (const [event, outcome] of [
      ['pass', 'passed'],
      ['fail', 'failed'],
      ['pending', 'skipped'],
    ])
      runner.on(event, (test) => this.#count(test, outcome));
  }

  #count(test, outcome) {
    if (!isCheck(test)) return;
    const subject = test.parent.fullTitle();
    const counts = this.#conformance.get(subject) ?? { passed: 0, failed: 0, skipped: 0 };
    counts[outcome] += 1;
    this.#conformance.set(subject, counts);
  }

  epilogue() {
    super.epilogue();
    for (const line of conformanceTable(this.#conformance)) console.log(line);
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}
