import { BowlineError } from '../api/errors.ts';

/** A request that can't be taken: `InvalidSpec`, with all that is wrong with it, one text per problem. */
export class SpecError extends BowlineError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('InvalidSpec', problems.join('; '));
    this.problems = problems;
  }
}
