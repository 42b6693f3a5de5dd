import type { ApiResource } from '../api/api-resource.ts';
import type { GroupResource } from '../api/unstructured.ts';

/** What a cluster serves, in its server's order; sub-resources left out. */
export interface Discovery {
  /** Each group-resource in the version that the server prefers. */
  readonly preferred: readonly ApiResource[];
  /** Each group-resource in every version served. */
  readonly all: readonly ApiResource[];
  /** Groups that did not answer, with the reason; their resources are missing from the lists. */
  readonly failures: readonly { readonly group: string; readonly reason: string }[];
  /** The preferred version of `groupResource`, by its canonical name. */
  find(groupResource: GroupResource): ApiResource | undefined;
  /** The resource of an object, by its own `apiVersion` and `kind`. */
  findKind(apiVersion: string, kind: string): ApiResource | undefined;
  /**
   * What a person means by `deploy`, `deployment`, `deployments` or `deployments.apps`: short names, singulars and plurals
   * in any letter case, with or without group (a prefix of the group will do, as in kubectl), the first match in the server's order.
   */
  resolve(name: string): ApiResource | undefined;
}
