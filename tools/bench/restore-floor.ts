import pLimit from 'p-limit';
import { resetMetadata } from '../../src/activities/reset-metadata.ts';
import type { Config } from '../../src/api/config.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { restoreOrder } from '../../src/selection/item-order.ts';
import type { Floor } from './backup-floor.ts';
import { namespaceNames } from './mixture.ts';
import { connectRaw, discoverRaw, pagesRaw, type ListedResource, type RawCluster } from './raw-cluster.ts';

/** An object, ready to be sent. */
interface Creation {
  readonly path: string;
  readonly body: string;
}

/**
 * Copies the objects of one set of namespaces, reduced and serialized beforehand, into fresh ones: as many creations in flight
 * as the configuration says, in the order of a restore, with nothing read in between.
 */
export async function restoreFloor(config: Config, prefixes: { from: string; to: string }): Promise<Floor> {
  const { requests } = config.concurrency;
  const cluster = await connectRaw(config.kubernetes.kubeconfig ?? '', requests);
  const namespaces = namespaceNames(prefixes.to);
  const creations = await creationsOf(cluster, prefixes);
  const limit = pLimit(requests);

  const startedAt = performance.now();
  await Promise.all(
    namespaces.map((name) => cluster.post('/api/v1/namespaces', JSON.stringify({ metadata: { name } }))),
  );
  await Promise.all(creations.map(({ path, body }) => limit(() => cluster.post(path, body))));
  return {
    items: namespaces.length + creations.length,
    seconds: (performance.now() - startedAt) / 1_000,
    bytes: creations.reduce((bytes, { body }) => bytes + body.length, 0),
  };
}

async function creationsOf(cluster: RawCluster, { from, to }: { from: string; to: string }): Promise<Creation[]> {
  const targets = new Map(namespaceNames(from).map((name, index) => [name, namespaceNames(to)[index]!]));
  const resources = (await discoverRaw(cluster)).filter(({ namespaced }) => namespaced);
  const byName = new Map(resources.map((resource) => [resource.groupResource, resource]));
  const creations: Creation[] = [];
  for (const groupResource of restoreOrder([...byName.keys()], (name) => byName.get(name)?.groupResource)) {
    const resource = byName.get(groupResource)!;
    for await (const page of pagesRaw(cluster, resource)) {
      for (const item of page) {
        const namespace = targets.get(item.metadata.namespace ?? '');
        if (namespace !== undefined) creations.push(creationOf(resource, item as Unstructured, namespace));
      }
    }
  }
  return creations;
}

function creationOf({ apiVersion, kind, plural }: ListedResource, item: Unstructured, namespace: string): Creation {
  const object = resetMetadata({ ...item, apiVersion, kind });
  object.metadata.namespace = namespace;
  // Addresses are given once in a cluster.
  const spec = object['spec'] as Record<string, unknown> | undefined;
  if (kind === 'Service') for (const field of ['clusterIP', 'clusterIPs']) delete spec?.[field];
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  return { path: `${root}/${apiVersion}/namespaces/${namespace}/${plural}`, body: JSON.stringify(object) };
}
