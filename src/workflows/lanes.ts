import { CancellationScope, condition } from '@temporalio/workflow';

/** Runs tasks side by side, up to a number, and stops them all when one fails. */
export class Lanes {
  readonly #width: number;
  readonly #scope = new CancellationScope();
  #running = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  /** Waits for a free lane and starts `task` in it. Rejects with what an earlier task failed with. */
  async start(task: () => Promise<void>): Promise<void> {
    await condition(() => this.#running < this.#width || this.#failure !== undefined);
    if (this.#failure) return this.idle();
    this.#running++;
    void this.#scope
      .run(task)
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#scope.cancel();
      })
      .finally(() => {
        this.#running--;
      });
  }

  /** Waits until no task runs, in a cancelled run too. Rejects with the first failure. */
  async idle(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(() => this.#running === 0));
    if (this.#failure) throw this.#failure.error;
  }
}

/** Runs one task per item, up to `width` side by side. Rejects with the first failure, when all have ended. */
export async function inLanes<T>(
  width: number,
  items: readonly T[],
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const lanes = new Lanes(width);
  try {
    for (const [index, item] of items.entries()) await lanes.start(() => task(item, index));
  } finally {
    await lanes.idle();
  }
}
