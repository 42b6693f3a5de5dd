import type { GroupResource } from './unstructured.ts';

/** One resource type that a cluster serves, from discovery, in one version. */
export interface ApiResource {
  readonly groupResource: GroupResource;
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly verbs: readonly string[];
}
