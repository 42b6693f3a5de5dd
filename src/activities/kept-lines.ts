import type { StagedRef } from '../api/run.ts';

/** More than all batches take that a run works on at the same time. */
const mostCharacters = 8 * 1024 * 1024;

interface Kept {
  readonly sha256: string;
  readonly lines: readonly string[];
  readonly characters: number;
}

/**
 * Lines of staged files that this worker has written, those written last: what a step writes the next one mostly reads on the same worker,
 * without asking the store for it.
 */
export class KeptLines {
  readonly #files = new Map<string, Kept>();
  #characters = 0;

  keep({ key, sha256 }: StagedRef, lines: readonly string[]): void {
    this.#drop(key);
    const characters = lines.reduce((sum, { length }) => sum + length, 0);
    this.#files.set(key, { sha256, lines, characters });
    this.#characters += characters;
    for (const oldest of this.#files.keys()) {
      if (this.#characters <= mostCharacters) return;
      this.#drop(oldest);
    }
  }

  /** The lines of a file; `undefined` if they are not kept. */
  of({ key, sha256 }: StagedRef): readonly string[] | undefined {
    const kept = this.#files.get(key);
    return kept?.sha256 === sha256 ? kept.lines : undefined;
  }

  #drop(key: string): void {
    this.#characters -= this.#files.get(key)?.characters ?? 0;
    this.#files.delete(key);
  }
}
