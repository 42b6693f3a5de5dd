/**
 * A path of the API with placeholders for what names an object: `/api/v1/namespaces/{namespace}/secrets/{name}`. The query, which may quote a
 * command, is left out. What is no path of resources stays as it is: `/version`.
 */
export function pathTemplate(path: string): string {
  const [bare = ''] = path.split('?');
  const parts = bare.split('/').slice(1);
  const rootLength = { api: 2, apis: 3 }[parts[0] ?? ''] ?? parts.length;
  const root = parts.slice(0, rootLength);
  const rest = parts.slice(rootLength);
  const scope = rest[0] === 'namespaces' && rest.length > 2 ? ['namespaces', '{namespace}'] : [];
  const [plural, name, ...subresource] = rest.slice(scope.length);
  const resource = [plural, name === undefined ? undefined : '{name}', ...subresource];
  return `/${[...root, ...scope, ...resource].filter((part) => part !== undefined).join('/')}`;
}
