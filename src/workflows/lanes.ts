import { CancellationScope, condition } from '@temporalio/workflow';

/** How many tasks may run side by side: a number, or what tells it anew each time that one is to begin. */
type Width = number | (() => number);

/** Runs tasks side by side, up to a number, and stops them all when one fails, or what starts them does. */
export class Lanes {
  readonly #width: () => number;
  readonly #scope = new CancellationScope();
  #running = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(width: Width) {
    this.#width = typeof width === 'number' ? () => width : width;
  }

  /** Runs `produce`, which starts tasks, and waits until all have ended, in a cancelled run too. Rejects with the first failure. */
  async run(produce: () => Promise<void>): Promise<void> {
    try {
      await produce();
    } catch (error) {
      this.#fail(error);
    }
    await this.#idle();
  }

  /** Waits for a free lane and starts `task` in it. Rejects with what an earlier task failed with. */
  async start(task: () => Promise<void>): Promise<void> {
    await condition(() => this.#isOpen);
    if (this.#failure) throw this.#failure.error;
    this.#running++;
    void this.#scope
      .run(task)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running--;
      });
  }

  /** Waits for a free lane. Rejects with what an earlier task failed with. */
  async room(): Promise<void> {
    await condition(() => this.#isOpen);
    if (this.#failure) throw this.#failure.error;
  }

  get #isOpen(): boolean {
    return this.#running < this.#width() || this.#failure !== undefined;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#scope.cancel();
  }

  async #idle(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(() => this.#running === 0));
    if (this.#failure) throw this.#failure.error;
  }
}

/** Runs one task per item, up to `width` side by side. Rejects with the first failure, when all have ended. */
export async function inLanes<T>(
  width: Width,
  items: readonly T[],
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const lanes = new Lanes(width);
  await lanes.run(async () => {
    for (const [index, item] of items.entries()) await lanes.start(() => task(item, index));
  });
}

/**
 * Runs all tasks side by side. Rejects with the first failure, when all have ended: unlike with `Promise.all`, what one of them
 * was still doing never comes after what the caller does about the failure.
 */
export function together(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  return inLanes(tasks.length, tasks, async (task) => void (await task()));
}
