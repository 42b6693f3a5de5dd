/** One promise of a contract as code, for any test runner or none. */
export interface Check<Subject> {
  /** A sentence that holds, unique in its list: known deviations are named by it. */
  readonly title: string;
  /** Rejects, with what was expected and what came, if the subject breaks the promise. */
  verify(subject: Subject): Promise<void>;
}
