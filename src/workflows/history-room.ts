import { mostContent } from '../api/handed-batch.ts';

/** A Temporal run's history ends at 50 MB: what items may take of it, and the rest of the run never will. */
const mostCharacters = 24 * 1024 * 1024;

/** Each content stands in the history twice: as one activity's result, and as the next one's input. */
const copies = 2;

/**
 * The room in one Temporal run's history for items that travel as payloads. They go one batch at a time, since what one workflow
 * task schedules has to fit into a request of 4 MB.
 */
export class HistoryRoom {
  #left = mostCharacters;
  #last: Promise<unknown> = Promise.resolve();

  /** Whether any content, and any answer to it, would still fit. */
  get isLeft(): boolean {
    return this.#left >= copies * 2 * mostContent;
  }

  /** Counts contents that have got into the history. */
  take(...contents: readonly (string | undefined)[]): void {
    for (const content of contents) this.#left -= copies * (content?.length ?? 0);
  }

  /** Does `work` when the one before has ended. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result;
    return result;
  }
}
