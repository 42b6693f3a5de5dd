import type { ObjectMeta, Unstructured } from '../../src/api/unstructured.ts';

/** A Kubernetes object: `object('v1 ConfigMap', 'shop/web', { data })`; its name without a slash for a cluster-scoped one. */
export function object(
  apiVersionAndKind: string,
  name: string,
  { metadata, ...others }: { readonly metadata?: Partial<ObjectMeta>; readonly [field: string]: unknown } = {},
): Unstructured {
  const [apiVersion = '', kind = ''] = apiVersionAndKind.split(' ');
  const slash = name.indexOf('/');
  const place = slash < 0 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
  return { apiVersion, kind, metadata: { ...place, ...metadata }, ...others };
}
