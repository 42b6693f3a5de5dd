/**
 * Makes what a key stands for once: calls at the same time share one attempt, and what came of it is remembered, for the
 * provider's own index may lag behind. Bounded; a failure is not remembered.
 */
export class OncePerKey {
  readonly #most: number;
  readonly #made = new Map<string, Promise<string>>();
  readonly #keys = new Map<string, string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The id of what the key stands for; `make` makes it, if nobody has. */
  async get(key: string, make: () => Promise<string>): Promise<string> {
    const known = this.#made.get(key);
    if (known) return known;
    const making = make();
    this.#made.set(key, making);
    try {
      const id = await making;
      this.#keys.set(id, key);
      this.#dropOldest();
      return id;
    } catch (error) {
      this.#made.delete(key);
      throw error;
    }
  }

  /** What has that id is gone. */
  forget(id: string): void {
    const key = this.#keys.get(id);
    if (key !== undefined) this.#made.delete(key);
    this.#keys.delete(id);
  }

  #dropOldest(): void {
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > this.#most && oldest !== undefined) this.forget(oldest);
  }
}
