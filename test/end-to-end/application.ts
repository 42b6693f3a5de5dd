import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../src/api/api-resource.ts';
import { errorCode } from '../../src/api/errors.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient, ObjectRef } from '../../src/kubernetes/client.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';

/** A small application that no controller changes: what two backups of it hold can be compared item by item. */
export interface Application {
  readonly namespace: string;
  readonly volume: string;
  readonly objects: readonly Unstructured[];
}

/** Creates an application in a namespace of its own, with a claim bound to a directory of real files. */
export async function createApplication(
  kubernetes: KubernetesClient,
  namespace: string,
  folder: string,
): Promise<Application> {
  const volume = join(folder, `volume-of-${namespace}`);
  mkdirSync(join(volume, 'nested'), { recursive: true });
  writeFileSync(join(volume, 'nested', 'table'), Buffer.alloc(300_000, namespace));
  writeFileSync(join(volume, 'log'), 'committed\n');
  const objects = manifests(namespace, volume);
  await applyManifests(kubernetes, objects);
  const claims = (await kubernetes.discover()).find('persistentvolumeclaims')!;
  for (;;) {
    const claim = await kubernetes.get(claims, { namespace, name: 'data' });
    if ((claim['status'] as { phase?: string }).phase === 'Bound') break;
    await sleep(100);
  }
  return { namespace, volume, objects };
}

/** Removes an application, or what a restore made of it in whatever namespace, and waits until it is gone. Absent is fine. */
export async function removeApplication(kubernetes: KubernetesClient, namespace: string): Promise<void> {
  const discovery = await kubernetes.discover();
  const volumes = discovery.find('persistentvolumes')!;
  const volume = { name: `volume-${namespace}` };
  const remove = async (resource: ApiResource, ref: ObjectRef): Promise<void> => {
    await kubernetes.delete(resource, ref);
    while (await found(kubernetes.get(resource, ref))) await sleep(100);
  };
  const spec = (await found(kubernetes.get(volumes, volume)))?.['spec'];
  const { claimRef } = (spec ?? {}) as { claimRef?: { namespace: string } };
  // A volume stays for as long as its claim does.
  for (const name of new Set([namespace, claimRef?.namespace ?? namespace]))
    await remove(discovery.find('namespaces')!, { name });
  await remove(volumes, volume);
}

/** Nothing for what is not there. */
async function found(read: Promise<Unstructured>): Promise<Unstructured | undefined> {
  try {
    return await read;
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined;
    throw error;
  }
}

function manifests(namespace: string, path: string): Unstructured[] {
  const here = (name: string) => ({ name, namespace });
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data', namespace };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-${namespace}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'manual',
        claimRef,
        hostPath: { path },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: here('data'),
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'manual',
        volumeName: `volume-${namespace}`,
        resources: { requests: { storage: '1Gi' } },
      },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: here('web') },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: here('web'),
      spec: {
        serviceAccountName: 'web',
        containers: [{ name: 'web', image: 'registry.example.com/web:1' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: here('web'),
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
    ...Array.from({ length: 20 }, (_, index) => ({
      apiVersion: 'v1',
      kind: index % 2 === 0 ? 'ConfigMap' : 'Secret',
      metadata: here(`settings-${index}`),
      ...(index % 2 === 0 ? { data: { index: String(index) } } : { stringData: { password: `password-${index}` } }),
    })),
  ];
}
