import { BowlineError, type ErrorCode } from '../api/errors.ts';
import { groupOf, groupResourceOf, versionOf, type GroupResource, type Unstructured } from '../api/unstructured.ts';
import type { KubernetesReader } from '../plugins/index.ts';
import { labelMatcher } from '../selection/label-selector.ts';

/** The cluster of a case: what is in it, and what its API server does. */
export interface CaseCluster {
  /** Objects that exist. Default none. */
  readonly cluster?: readonly Unstructured[];
  /** The API groups that are served, besides the core group, each in these versions. Default all; of a group, all versions. */
  readonly apiGroups?: readonly {
    readonly name: string;
    readonly versions?: readonly { readonly version: string }[];
  }[];
  /** Calls that the API server refuses. Default none. */
  readonly apiErrors?: readonly ApiRefusal[];
}

/** What a call does. */
export type Verb = 'get' | 'list' | 'create' | 'patch' | 'delete';

/** A call that is refused. */
interface ApiRefusal {
  readonly verb: string;
  /** The plural, without the group. */
  readonly resource: string;
  /** The HTTP status. */
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/** Throws what a call of the case's API server comes to, if it refuses that call. */
export function refuserOf({ apiErrors = [] }: CaseCluster): (verb: Verb, groupResource: GroupResource) => void {
  return (verb, groupResource) => {
    const refusal = apiErrors.find((error) => error.verb === verb && error.resource === groupResource.split('.')[0]);
    if (refusal === undefined) return;
    const { code: status, reason, message: detail } = refusal;
    throw new BowlineError(codeOf(status), `${verb} ${groupResource}: ${status} ${reason}`, { status, detail });
  };
}

/** Reads the cluster of a case as actions read a real one. */
export function caseReader(given: CaseCluster): KubernetesReader {
  const { cluster = [], apiGroups } = given;
  const refuse = refuserOf(given);
  const sorted = cluster.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

  function serves(groupResource: GroupResource, version?: string): boolean {
    const dot = groupResource.indexOf('.');
    if (apiGroups === undefined || dot < 0) return true;
    const group = apiGroups.find(({ name }) => name === groupResource.slice(dot + 1));
    if (group?.versions === undefined || version === undefined) return group !== undefined;
    return group.versions.some((one) => one.version === version);
  }

  return {
    serves: async (groupResource, { version } = {}) => serves(groupResource, version),

    async get({ groupResource, namespace, name }, { version } = {}) {
      refuse('get', groupResource);
      const found = sorted.find(
        (object) =>
          resourceOf(object) === groupResource &&
          keyOf(object) === `${namespace}/${name}` &&
          (version === undefined || versionOf(object.apiVersion) === version),
      );
      if (found && serves(groupResource, version)) return found;
      throw new BowlineError('NotFound', `get ${groupResource} ${name}: 404 NotFound`, { status: 404 });
    },

    async list(groupResource, { namespace, labelSelector = '' } = {}) {
      if (!serves(groupResource)) return [];
      refuse('list', groupResource);
      const matchesLabels = labelMatcher(labelSelector);
      return sorted.filter(
        (object) =>
          resourceOf(object) === groupResource &&
          (namespace === undefined || object.metadata.namespace === namespace) &&
          matchesLabels(object.metadata.labels),
      );
    },
  };
}

/** The resource of an object, guessed from its kind. Source: Kubernetes `meta.UnsafeGuessKindToResource`. */
export function resourceOf({ apiVersion, kind }: Pick<Unstructured, 'apiVersion' | 'kind'>): GroupResource {
  const singular = kind.toLowerCase();
  const plural = /[sx]$/.test(singular) ? `${singular}es` : `${singular}s`.replace(/ys$/, 'ies');
  return groupResourceOf(plural, groupOf(apiVersion));
}

/** In the order of these an API server lists. */
function keyOf({ metadata: { namespace = '', name } }: Unstructured): string {
  return `${namespace}/${name}`;
}

function codeOf(status: number): ErrorCode {
  if (status >= 500) return 'Unavailable';
  return status === 404 ? 'NotFound' : 'AccessDenied';
}
