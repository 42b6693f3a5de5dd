import type { Unstructured } from '../api/unstructured.ts';

/** The namespaces that a pass over a tarball needs, with the objects that the backup has of them: any may come before the other. */
export class NeededNamespaces {
  readonly #objects = new Map<string, Unstructured>();
  readonly #needed = new Set<string>();
  readonly #there: ReadonlySet<string>;

  /** @param there those that an earlier pass took */
  constructor(there: ReadonlySet<string> = new Set()) {
    this.#there = there;
  }

  /** Remembers what the backup has of a namespace. */
  found(name: string, object: Unstructured): void {
    if (!this.#objects.has(name)) this.#objects.set(name, object);
  }

  /** Asks for the namespace; `''`, of cluster-scoped items, is none. */
  need(name: string): void {
    if (name !== '' && !this.#there.has(name)) this.#needed.add(name);
  }

  /** Those asked for, in the order of asking: what the backup has of them, or bare ones. */
  *objects(): Iterable<Unstructured> {
    for (const name of this.#needed)
      yield this.#objects.get(name) ?? { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  }
}
