/** Values by their keys, of which the oldest is dropped when there are too many. For what never changes under its key. */
export class Remembered<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key; `read` is called where there is none. A failure is not remembered. */
  async get(key: string, read: () => Promise<T>): Promise<T> {
    if (this.#values.has(key)) return this.#values.get(key) as T;
    const value = await read();
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}
