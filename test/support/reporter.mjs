import mocha from 'mocha';

/** The usual report, closed by one line that tools count by: `N passed, N failed, N skipped`. */
export default class Reporter extends mocha.reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}
