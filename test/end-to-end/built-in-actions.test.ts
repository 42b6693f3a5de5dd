import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { defaultPayloadConverter } from '@temporalio/common';
import { errorCode } from '../../src/api/errors.ts';
import { parseItemKey, type Unstructured } from '../../src/api/unstructured.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { createEnvironment, readBackup, type Environment } from './environment.ts';
import {
  addressTaker,
  application,
  chosenPort,
  names,
  oldItems,
  podVolumeBackup,
  selected,
  surroundings,
} from './every-action.ts';

const { namespace, copy, old, server } = names;
const clusterRoleBindings = 'clusterrolebindings.rbac.authorization.k8s.io';
const clusterRoles = 'clusterroles.rbac.authorization.k8s.io';

/** A restored object, with what the assertions look at. */
interface Restored extends Unstructured {
  readonly spec: {
    readonly [member: string]: unknown;
    readonly nodeName?: string;
    readonly initContainers?: readonly PodContainer[];
    readonly containers: readonly PodContainer[];
    readonly template: { readonly metadata: Unstructured['metadata']; readonly spec: Restored['spec'] };
    readonly volumes: readonly { readonly name: string }[];
    readonly ports: readonly { readonly nodePort: number }[];
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Record<string, unknown> } }[];
  };
}

interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

describe('every item action, in real runs', function () {
  this.timeout(180_000);
  let environment: Environment;
  let backedUp: Map<string, Unstructured>;
  /** The uid of the service account `default` that tokens were made for. */
  let oldAccount: string | undefined;
  /** What the API server had assigned to a service. */
  let assigned: { clusterIP: string; nodePort: number };
  const results: Record<string, RunResult> = {};

  before(async () => {
    environment = await createEnvironment('item-actions', { settings: () => ({ namespace: server }) });
    const { kubernetes, store } = environment;
    environment.startWorker();
    await applyManifests(kubernetes, surroundings);
    await applyManifests(kubernetes, application);
    await until('the claim is bound', async () => {
      const { status } = await read(`persistentvolumeclaims/${namespace}/data`);
      return (status as { phase?: string }).phase === 'Bound';
    });
    await until('tokens are made', async () => (await read(`secrets/${namespace}/robot`))['data'] !== undefined);
    oldAccount = (await read(`serviceaccounts/${namespace}/default`)).metadata.uid;
    assigned = await addressOf(`services/${namespace}/assigned`);

    const labelSelector = { matchLabels: selected };
    const spec = { includedNamespaces: [namespace], includeClusterResources: true, labelSelector };
    results['backup'] = await environment.run('backup', { name: 'today', spec: { ...spec, snapshotVolumes: false } });
    backedUp = await readBackup(environment, 'today');
    await store.putObject(
      backupLayout('today').podVolumeBackups,
      gzipSync(JSON.stringify([podVolumeBackup('today', namespace, 'kopia')])),
    );
    await holdBackup(store, 'old', oldItems);
    await store.putObject(
      backupLayout('old').podVolumeBackups,
      gzipSync(JSON.stringify([podVolumeBackup('old', old)])),
    );

    await destroy();
    const namespaceMapping = { [namespace]: copy };
    [results['restore'], results['restoreOld']] = await Promise.all([
      environment.run('restore', { name: 'today', spec: { backupName: 'today', namespaceMapping, ...spec } }),
      environment.run('restore', { name: 'old', spec: { backupName: 'old' } }),
    ]);
  });

  after(async () => {
    await remove(`nodes//${names.node}`);
    await environment.stop();
  });

  it('leaves no item behind', () => {
    for (const [run, { phase, warnings, errors }] of Object.entries(results))
      assert.deepEqual([run, phase, warnings, errors], [run, 'Completed', 0, 0]);
  });

  it('executes each action that is built in', async () => {
    const { backupItemActions, restoreItemActions } = createRegistry();
    const sorted = (actions: readonly { readonly name: string }[]): string[] => actions.map(({ name }) => name).sort();
    assert.deepEqual(await executed('executeBackupItemAction', 'backup/today'), sorted(backupItemActions));
    assert.deepEqual(
      await executed('executeRestoreItemAction', 'restore/today', 'restore/old'),
      sorted(restoreItemActions),
    );
  });

  const backupEffects: Readonly<Record<string, () => void>> = {
    'crd-remap-version: a definition stays one of v1 where the cluster serves nothing else': () => {
      const definition = backedUp.get(`customresourcedefinitions.apiextensions.k8s.io//${names.definition}`);
      assert.equal(definition?.apiVersion, 'apiextensions.k8s.io/v1');
    },
    'pod: its PriorityClass and its claim come along, though no label selects them': () => {
      assert.ok(backedUp.has(`priorityclasses.scheduling.k8s.io//${names.priorityClass}`));
      assert.ok(backedUp.has(`persistentvolumeclaims/${namespace}/data`));
    },
    'pv: the volume of a claim comes along, and the claim loses labels of earlier restores': () => {
      assert.ok(backedUp.has(`persistentvolumes//${names.volume}`));
      const { labels = {} } = backedUp.get(`persistentvolumeclaims/${namespace}/data`)!.metadata;
      assert.equal(labels['velero.io/restore-name'], undefined);
    },
    'service-account: the bindings and roles of an account come along, though no label selects them': () => {
      assert.ok(backedUp.has(`${clusterRoleBindings}//${names.viewer}`));
      assert.ok(backedUp.has(`${clusterRoles}//${names.viewer}`));
    },
  };

  const restoreEffects: Readonly<Record<string, () => Promise<void>>> = {
    'add-pv-from-pvc: the volume of a claim comes back, though no label selects it': async () => {
      const { spec } = await read(`persistentvolumes//${names.volume}`);
      assert.equal((spec['claimRef'] as { namespace?: string }).namespace, copy);
    },
    'add-pvc-from-pod: the claim of a pod comes back, though no label selects it': async () => {
      assert.equal((await read(`persistentvolumeclaims/${copy}/data`)).spec['volumeName'], names.volume);
    },
    'admission-webhook-configuration: side effects that v1 refuses become None': async () => {
      const { webhooks } = await read(
        `validatingwebhookconfigurations.admissionregistration.k8s.io//${names.oldWebhook}`,
      );
      assert.deepEqual(
        (webhooks as { sideEffects: string }[]).map(({ sideEffects }) => sideEffects),
        ['None'],
      );
    },
    'apiservice: what the cluster manages by itself is left out': async () => {
      assert.ok(await isAbsent(`apiservices.apiregistration.k8s.io//${names.oldApiService}`));
    },
    'change-image-name: images come from the new registry': async () => {
      const image = 'registry.new.example.com/web:1';
      assert.equal((await read(`deployments.apps/${copy}/web`)).spec.template.spec.containers[0]?.image, image);
      assert.equal((await read(`pods/${copy}/web`)).spec.containers[0]?.image, image);
    },
    'change-pvc-node-selector: a claim gets the node of the new cluster': async () => {
      const { annotations } = (await read(`persistentvolumeclaims/${copy}/scratch`)).metadata;
      assert.equal(annotations?.['volume.kubernetes.io/selected-node'], names.node);
    },
    'change-storage-class: a claim gets the class of the new cluster': async () => {
      const { spec } = await read(`persistentvolumeclaims/${copy}/scratch`);
      assert.equal(spec['storageClassName'], names.storageClass);
    },
    'cluster-role-bindings: subjects are named where they are now': async () => {
      assert.deepEqual(await subjectsOf(`${clusterRoleBindings}//${names.reader}`), [copy]);
    },
    'crd-preserve-fields: the schema says that unknown fields are kept': async () => {
      const { spec } = await read(`customresourcedefinitions.apiextensions.k8s.io//${names.oldDefinition}`);
      assert.equal(spec.versions[0]?.schema.openAPIV3Schema['x-kubernetes-preserve-unknown-fields'], true);
      assert.notEqual(spec['preserveUnknownFields'], true);
    },
    'init-restore-hook: the container that annotations describe runs before the others': async () => {
      const [, prepare] = (await read(`pods/${copy}/web`)).spec.initContainers ?? [];
      assert.deepEqual([prepare?.name, prepare?.command], ['prepare', ['prepare', '--all']]);
    },
    'job: a job and its pods know each other by its new uid': async () => {
      const { metadata, spec } = await read(`jobs.batch/${copy}/dump`);
      const uid = 'batch.kubernetes.io/controller-uid';
      assert.equal(spec.template.metadata.labels?.[uid], metadata.uid);
      assert.deepEqual(spec['selector'], { matchLabels: { [uid]: metadata.uid } });
    },
    'pod: a pod is bound to no node, and mounts no token of the old cluster': async () => {
      const { spec } = await read(`pods/${copy}/web`);
      assert.equal(spec.nodeName, undefined);
      assert.ok(!spec.volumes.some(({ name }) => name === 'web-token-abcde'));
      assert.ok(!spec.containers[0]?.volumeMounts?.some(({ mountPath }) => mountPath === '/token'));
      assert.ok(!(await isAbsent(`priorityclasses.scheduling.k8s.io//${names.priorityClass}`)));
    },
    'pod-volume-restore: a pod waits first for the files of its volume': async () => {
      const [wait] = (await read(`pods/${copy}/web`)).spec.initContainers ?? [];
      assert.deepEqual([wait?.name, wait?.image], ['restore-wait', 'registry.example.com/restore-helper:1']);
      assert.ok(wait?.volumeMounts?.some(({ mountPath }) => mountPath === '/restores/cache'));
    },
    'pvc: a claim forgets how it was backed up': async () => {
      const { annotations = {} } = (await read(`persistentvolumeclaims/${copy}/data`)).metadata;
      assert.equal(annotations['velero.io/volume-snapshot-name'], undefined);
    },
    'restic: a pod of an old backup waits for restic': async () => {
      const [wait, ...others] = (await read(`pods/${old}/web`)).spec.initContainers ?? [];
      assert.deepEqual([wait?.name, wait?.image], ['restic-wait', 'registry.example.com/restic-helper:1']);
      assert.deepEqual(others, []);
    },
    'role-bindings: subjects are named where they are now': async () => {
      assert.deepEqual(await subjectsOf(`rolebindings.rbac.authorization.k8s.io/${copy}/web-reader`), [copy]);
    },
    "secret: an account's own token is left out, and another one is made anew": async () => {
      assert.ok(await isAbsent(`secrets/${copy}/default-token-abcde`));
      const { metadata } = await read(`secrets/${copy}/robot`);
      assert.ok(oldAccount);
      assert.notEqual(metadata.annotations?.['kubernetes.io/service-account.uid'], oldAccount);
    },
    'service: addresses and ports are assigned anew, but for those that were chosen': async () => {
      const { clusterIP, nodePort } = await addressOf(`services/${copy}/assigned`);
      assert.notEqual(clusterIP, assigned.clusterIP);
      assert.notEqual(nodePort, assigned.nodePort);
      assert.equal((await addressOf(`services/${copy}/chosen`)).nodePort, chosenPort);
    },
    'service-account: an account keeps its secrets, but for tokens': async () => {
      assert.deepEqual((await read(`serviceaccounts/${copy}/web`))['secrets'], [{ name: 'registry' }]);
    },
  };

  for (const [title, effect] of Object.entries(backupEffects)) it(`backs up: ${title}`, effect);
  for (const [title, effect] of Object.entries(restoreEffects)) it(`restores: ${title}`, effect);

  it('has seen the effect of each action that is built in', () => {
    const { backupItemActions, restoreItemActions } = createRegistry();
    const seen = (effects: object): string[] => Object.keys(effects).map((title) => `velero.io/${title.split(':')[0]}`);
    assert.deepEqual(
      seen(backupEffects),
      backupItemActions.map(({ name }) => name),
    );
    assert.deepEqual(
      seen(restoreEffects),
      restoreItemActions.map(({ name }) => name),
    );
  });

  /** The object of a key such as `pods/shop/web`. */
  async function read(key: string): Promise<Restored> {
    const { groupResource, ...ref } = parseItemKey(key);
    const resource = (await environment.kubernetes.discover({ refresh: true })).find(groupResource)!;
    return (await environment.kubernetes.get(resource, ref)) as Restored;
  }

  async function addressOf(key: string): Promise<typeof assigned> {
    const { spec } = await read(key);
    return { clusterIP: String(spec['clusterIP']), nodePort: spec.ports[0]!.nodePort };
  }

  async function isAbsent(key: string): Promise<boolean> {
    try {
      await read(key);
      return false;
    } catch (error) {
      if (errorCode(error) === 'NotFound') return true;
      throw error;
    }
  }

  async function remove(key: string): Promise<void> {
    const { groupResource, ...ref } = parseItemKey(key);
    const { kubernetes } = environment;
    await kubernetes.delete((await kubernetes.discover()).find(groupResource)!, ref);
    await until(`${key} is gone`, () => isAbsent(key));
  }

  /** Destroys the application; its namespace comes back empty, and something else has its address. */
  async function destroy(): Promise<void> {
    await remove(`namespaces//${namespace}`);
    const roles = [names.reader, names.viewer].flatMap((name) => [
      `${clusterRoleBindings}//${name}`,
      `${clusterRoles}//${name}`,
    ]);
    const others = [`persistentvolumes//${names.volume}`, `priorityclasses.scheduling.k8s.io//${names.priorityClass}`];
    await Promise.all([...roles, ...others].map(remove));
    await applyManifests(environment.kubernetes, [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      addressTaker(assigned),
    ]);
    for (const account of [`serviceaccounts/${namespace}/default`, `serviceaccounts/${copy}/default`])
      await until(`${account} is made`, async () => !(await isAbsent(account)));
  }

  async function subjectsOf(key: string): Promise<(string | undefined)[]> {
    const { subjects } = await read(key);
    return (subjects as { namespace?: string }[]).map((subject) => subject.namespace);
  }

  /** The actions that activities of runs executed. */
  async function executed(activity: string, ...workflowIds: readonly string[]): Promise<string[]> {
    const actions = new Set<string>();
    for (const workflowId of workflowIds) {
      const { events } = await environment.temporal.workflow.getHandle(workflowId).fetchHistory();
      for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
        const [payload] = scheduled?.input?.payloads ?? [];
        if (scheduled?.activityType?.name !== activity || !payload) continue;
        actions.add(defaultPayloadConverter.fromPayload<{ action: string }>(payload).action);
      }
    }
    return [...actions].sort();
  }
});

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited a minute in vain until ${what}`);
    await sleep(100);
  }
}
