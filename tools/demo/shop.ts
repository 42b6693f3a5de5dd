import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { writeFiles } from './files.ts';
import { applyManifests, readManifests } from './manifests.ts';

/** The application that is backed up: its cluster-scoped objects, its namespace, and a volume with real files. */
export interface Shop {
  readonly manifests: readonly Unstructured[];
  /** The directory of its PersistentVolume. */
  readonly volume: string;
}

const namespace = 'shop';

/** How long the cluster may take to come to rest. */
const withinMs = 60_000;

/** Creates the shop and waits until its controllers have made what they make. */
export async function createShop(kubernetes: KubernetesClient, volume: string): Promise<Shop> {
  mkdirSync(volume, { recursive: true });
  await writeFiles(volume);
  const manifests = readManifests(new URL('./shop.yaml', import.meta.url), { VOLUME_PATH: volume });
  await applyManifests(kubernetes, manifests);
  await settled(kubernetes);
  return { manifests, volume };
}

/** Destroys all of it: the namespace, what it has in the cluster, and the files. */
export async function destroyShop(kubernetes: KubernetesClient, { manifests, volume }: Shop): Promise<void> {
  const discovery = await kubernetes.discover();
  const isClusterScoped = ({ apiVersion, kind }: Unstructured): boolean =>
    discovery.findKind(apiVersion, kind)?.namespaced === false;
  const doomed = manifests
    .filter(isClusterScoped)
    .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
  for (const { apiVersion, kind, metadata } of doomed) {
    const resource = discovery.findKind(apiVersion, kind)!;
    await kubernetes.delete(resource, metadata);
    await until(`${kind} ${metadata.name} is gone`, async () => {
      const gone = await kubernetes.get(resource, metadata).then(
        () => false,
        () => true,
      );
      return gone;
    });
  }
  await rm(volume, { recursive: true, force: true });
}

/** Every object of the shop that the cluster holds: all of its namespace, and by name what the manifests put beside it. */
export async function readShop(kubernetes: KubernetesClient, { manifests }: Shop): Promise<Unstructured[]> {
  const discovery = await kubernetes.discover({ refresh: true });
  const objects: Unstructured[] = [];
  for (const resource of discovery.preferred.filter(({ namespaced, verbs }) => namespaced && verbs.includes('list'))) {
    for await (const page of kubernetes.listPages(resource, { namespace })) objects.push(...page.items);
  }
  for (const { apiVersion, kind, metadata } of manifests) {
    const resource = discovery.findKind(apiVersion, kind);
    if (resource?.namespaced === false) objects.push(await kubernetes.get(resource, metadata));
  }
  return objects;
}

/** Waits until claims are bound, pods are made and nothing changes any more. */
export async function settled(kubernetes: KubernetesClient): Promise<void> {
  const discovery = await kubernetes.discover();
  const list = async (name: string): Promise<readonly Unstructured[]> =>
    (await kubernetes.listPage(discovery.find(name)!, { namespace })).items;
  await until('the claim is bound and every pod is there', async () => {
    const claims = await list('persistentvolumeclaims');
    const pods = await list('pods');
    const isBound = ({ status }: Unstructured): boolean => (status as { phase?: string }).phase === 'Bound';
    return claims.every(isBound) && pods.length >= podsOfShop;
  });
  let last = '';
  await until('the cluster is at rest', async () => {
    const versions = await Promise.all(
      ['pods', 'replicasets.apps', 'deployments.apps', 'statefulsets.apps', 'services'].map(list),
    );
    const now = versions
      .flat()
      .map(({ metadata }) => `${metadata.uid}/${metadata.resourceVersion}`)
      .join();
    const same = now === last;
    last = now;
    return same;
  });
}

/** Two of the Deployment, one of the StatefulSet, one on its own; nothing schedules them, so they stay Pending. */
const podsOfShop = 4;

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs / 1_000} s in vain until ${what}`);
    await sleep(200);
  }
}
