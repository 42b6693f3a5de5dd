import type { SourceState } from './derived-family.ts';

/** How a source is read again and again. */
export interface RefreshedOptions<T> {
  readonly source: string;
  readonly read: (now: Date) => Promise<T>;
  readonly now: () => Date;
  /** Reads are not begun more often. */
  readonly everyMs: number;
  /** Told of the first failure in a row. */
  readonly warn: (message: string) => void;
}

/** The newest good reading of a source. One reading is in flight at the most; one that fails leaves what was read before. */
export class Refreshed<T> {
  readonly #options: RefreshedOptions<T>;
  #value: T | undefined;
  #readAt: number | undefined;
  #triedAt = -Infinity;
  #isUp = false;
  #failures = 0;
  #reading: Promise<void> | undefined;

  constructor(options: RefreshedOptions<T>) {
    this.#options = options;
  }

  /** `undefined` until a reading was good. */
  get value(): T | undefined {
    return this.#value;
  }

  get state(): SourceState {
    return {
      source: this.#options.source,
      isUp: this.#isUp,
      ...(this.#readAt !== undefined && { readAt: this.#readAt }),
      failures: this.#failures,
    };
  }

  /** Reads if it is time to, or waits for the reading that is in flight. Never rejects. */
  async refresh(): Promise<void> {
    const now = this.#options.now();
    if (this.#reading === undefined && now.getTime() - this.#triedAt >= this.#options.everyMs) {
      this.#triedAt = now.getTime();
      this.#reading = this.#read(now).finally(() => (this.#reading = undefined));
    }
    await this.#reading;
  }

  async #read(now: Date): Promise<void> {
    const { read, source, warn } = this.#options;
    try {
      this.#value = await read(now);
      this.#readAt = now.getTime();
      this.#isUp = true;
    } catch (error) {
      if (this.#isUp || this.#failures === 0) warn(`metrics: ${source} can't be read: ${(error as Error).message}`);
      this.#failures++;
      this.#isUp = false;
    }
  }
}
