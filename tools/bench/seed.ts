import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { mixture, namespaceNames, nodeName, type MixtureItem, type MixtureOptions } from './mixture.ts';

export interface SeedOptions extends MixtureOptions {
  /** Creations in flight. Default 64. */
  readonly requests?: number;
  /** Hears how many objects were created, every 1,000. */
  readonly progress?: (created: number) => void;
}

/** How long controllers may take to make what follows from the objects. */
const followersWithinMs = 300_000;

/** Fills an empty cluster with a mixture of objects, and waits until the controllers have made of them what they make. */
export async function seedCluster(kubernetes: KubernetesClient, options: SeedOptions): Promise<void> {
  const { requests = 64, progress } = options;
  await create(kubernetes, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } });
  await Promise.all(namespaceNames('bench').map((name) => createNamespace(kubernetes, name)));

  const followers = new Map<string, number>();
  const source = mixture(options);
  let created = 0;
  await Promise.all(Array.from({ length: requests }, () => lane(source)));
  for (const [groupResource, count] of followers) await awaitCount(kubernetes, groupResource, count);

  /** Creates one object after the other; all lanes take from the same source. */
  async function lane(items: Iterable<MixtureItem>): Promise<void> {
    for (const item of items) {
      await create(kubernetes, item.object);
      for (const follower of item.followers) followers.set(follower, (followers.get(follower) ?? 0) + 1);
      created++;
      if (created % 1_000 === 0) progress?.(created);
    }
  }
}

async function create(kubernetes: KubernetesClient, object: Unstructured): Promise<void> {
  const { apiVersion, kind } = object;
  const resource = (await kubernetes.discover()).findKind(apiVersion, kind);
  if (resource === undefined) throw new Error(`the cluster does not serve ${apiVersion} ${kind}`);
  await kubernetes.create(resource, object);
}

/** Pods are refused until the namespace has its default service account. */
async function createNamespace(kubernetes: KubernetesClient, name: string): Promise<void> {
  await create(kubernetes, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const accounts = (await kubernetes.discover()).find('serviceaccounts')!;
  await until(`the default service account of ${name}`, async () => {
    try {
      await kubernetes.get(accounts, { namespace: name, name: 'default' });
      return true;
    } catch (error) {
      if (errorCode(error) === 'NotFound') return false;
      throw error;
    }
  });
}

async function awaitCount(kubernetes: KubernetesClient, groupResource: string, count: number): Promise<void> {
  const resource = (await kubernetes.discover()).find(groupResource);
  if (resource === undefined) throw new Error(`the cluster does not serve ${groupResource}`);
  await until(`${count} ${groupResource}`, async () => {
    const { items, remaining = 0 } = await kubernetes.listPage(resource, { limit: 1 });
    return items.length + remaining >= count;
  });
}

async function until(wanted: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + followersWithinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${followersWithinMs / 1_000} s in vain for ${wanted}`);
    await sleep(50);
  }
}
