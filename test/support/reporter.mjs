import mocha from 'mocha';
import { conformanceTable } from './conformance-table.ts';
import { declaredAs } from './it-conforms.ts';

/**
 * The usual report, with a table of who passed which contract's checks, closed by one line that tools count by: `N passed,
 * N failed, N skipped`.
 */
export default class Reporter extends mocha.reporters.Spec {
  #conformance = new Map();

  constructor(runner, options) {
    super(runner, options);
    runner.on('pass', (test) => this.#count(test, declaredAs(test) === 'deviation' ? 'deviates' : 'passed'));
    runner.on('fail', (test) => this.#count(test, 'failed'));
  }

  #count(test, outcome) {
    if (declaredAs(test) === undefined) return;
    const subject = test.parent.fullTitle();
    this.#conformance.set(subject, [...(this.#conformance.get(subject) ?? []), outcome]);
  }

  epilogue() {
    super.epilogue();
    for (const line of conformanceTable(this.#conformance)) console.log(line);
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}
