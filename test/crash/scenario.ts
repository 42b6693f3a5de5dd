import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { RunResult } from '../../src/workflows/messages.ts';
import { createApplication, type Application } from '../end-to-end/application.ts';
import { createEnvironment, readBackup, type Environment, type EnvironmentOptions } from '../end-to-end/environment.ts';
import { boundariesOf, type Boundary } from './boundary.ts';
import { startCrashWorker } from './crash-worker.ts';

/** A run that the suite cuts, again and again, each time in an environment of its own. */
export interface Scenario {
  readonly workflow: 'backup' | 'restore' | 'deleteBackup';
  /** Makes what the run needs; no worker runs. `name` is unique, and is the run's. Temporal by default is the one that all share. */
  prepare(name: string, options?: Pick<EnvironmentOptions, 'temporal'>): Promise<Environment>;
  request(name: string): { readonly name: string; readonly spec?: object };
  /** Checks that the run came to what an undisturbed one comes to, and left nothing else. */
  verify(environment: Environment, name: string, result: RunResult): Promise<void>;
  /** Checks that a cancelled run left nothing but its record. */
  verifyCancelled(environment: Environment, name: string): Promise<void>;
}

/** An application, an undisturbed backup of it, and what the runs of each scenario consist of. */
export class CrashHome {
  readonly environment: Environment;
  readonly application: Application;
  readonly undisturbed: ReadonlyMap<string, Unstructured>;
  readonly result: RunResult;

  private constructor(parts: Pick<CrashHome, 'environment' | 'application' | 'undisturbed' | 'result'>) {
    this.environment = parts.environment;
    this.application = parts.application;
    this.undisturbed = parts.undisturbed;
    this.result = parts.result;
  }

  static async create(name: string): Promise<CrashHome> {
    const environment = await createEnvironment(name);
    const application = await createApplication(environment.kubernetes, `${name}-app`, environment.folder);
    const worker = await startCrashWorker(environment.configuration);
    const spec = { includedNamespaces: [application.namespace] };
    const result = await environment.run('backup', { name: 'undisturbed', spec });
    await worker.kill('SIGTERM');
    assert.equal(result.phase, 'Completed');
    return new CrashHome({
      environment,
      application,
      undisturbed: await readBackup(environment, 'undisturbed'),
      result,
    });
  }

  get scenarios(): readonly Scenario[] {
    return [this.#backup(), this.#restore(), this.#deletion()];
  }

  /** Runs a scenario undisturbed, and tells of what activities it consists. */
  async boundaries(scenario: Scenario): Promise<Boundary[]> {
    const name = `${this.environment.name}-${scenario.workflow.toLowerCase()}-whole`;
    const environment = await scenario.prepare(name);
    const worker = await startCrashWorker(environment.configuration);
    try {
      const handle = await environment.start(scenario.workflow, scenario.request(name));
      await scenario.verify(environment, name, (await handle.result()) as RunResult);
      return await boundariesOf(environment.temporal, handle.workflowId);
    } finally {
      await worker.kill('SIGTERM');
      await environment.stop();
    }
  }

  #backup(): Scenario {
    const { application, undisturbed, result } = this;
    return {
      workflow: 'backup',
      prepare: createEnvironment,
      request: (name) => ({ name, spec: { includedNamespaces: [application.namespace] } }),

      async verify(environment, name, { phase, items, warnings, errors, volumes }) {
        assert.deepEqual(
          { phase, items, warnings, errors, volumes },
          {
            phase: result.phase,
            items: result.items,
            warnings: result.warnings,
            errors: result.errors,
            volumes: result.volumes,
          },
        );
        assert.deepEqual(await readBackup(environment, name), undisturbed);
        const keys = (await environment.keys()).sort();
        assert.deepEqual(
          keys.map((key) => key.replaceAll(name, 'NAME')),
          artifactsOf('NAME'),
        );
        assert.equal(environment.snapshots().length, 2, 'expected one snapshot and its record');
        assert.deepEqual(
          filesBelow(join(environment.snapshotsFolder, 'snapshots', environment.snapshots()[0]!)),
          filesBelow(application.volume),
        );
        await assertNoUploads(environment);
      },

      async verifyCancelled(environment, name) {
        const keys = (await environment.keys()).map((key) => key.replaceAll(name, 'NAME'));
        const allowed = ['NAME-logs.gz', 'NAME-results.gz', 'velero-backup.json'].map((file) => `backups/NAME/${file}`);
        assert.deepEqual(
          keys.filter((key) => !allowed.includes(key)),
          [],
        );
        assert.deepEqual(environment.snapshots(), []);
        await assertNoUploads(environment);
      },
    };
  }

  #restore(): Scenario {
    const { environment: home, application, undisturbed } = this;
    const ofRestore = async (environment: Environment, name: string): Promise<string[]> =>
      (await environment.keys()).filter((key) => key.startsWith(`restores/${name}/`));
    return {
      workflow: 'restore',
      prepare: (name, options) => createEnvironment(name, { ...options, storageOf: home }),
      request: (name) => ({
        name,
        spec: { backupName: 'undisturbed', namespaceMapping: { [application.namespace]: name } },
      }),

      async verify(environment, name, { phase, errors }) {
        assert.deepEqual({ phase, errors }, { phase: 'Completed', errors: 0 });
        await assertRestored(environment, { namespace: name, application, undisturbed });
        assert.equal(environment.volumes().length, 1, 'expected one volume');
        assert.deepEqual(
          (await ofRestore(environment, name)).filter((key) => key.includes('/staging/')),
          [],
          'staging was left',
        );
      },

      async verifyCancelled(environment, name) {
        assert.deepEqual(
          (await ofRestore(environment, name)).filter((key) => key.includes('/staging/')),
          [],
          'staging was left',
        );
        const used = await volumesOf(environment, name);
        assert.equal(environment.volumes().length, used.length, 'a volume without a PersistentVolume was left');
      },
    };
  }

  #deletion(): Scenario {
    const backup = this.#backup();
    return {
      workflow: 'deleteBackup',

      async prepare(name, options) {
        const environment = await createEnvironment(name, options);
        const worker = await startCrashWorker(environment.configuration);
        await environment.run('backup', backup.request(name));
        await worker.kill('SIGTERM');
        return environment;
      },

      request: (name) => ({ name }),

      async verify(environment, _name, { phase }) {
        assert.equal(phase, 'Completed');
        assert.deepEqual(await environment.keys(), []);
        assert.deepEqual(environment.snapshots(), []);
      },

      // What is left of the backup can be deleted by the next run.
      async verifyCancelled(environment, name) {
        const worker = await startCrashWorker(environment.configuration);
        await environment.run('deleteBackup', { name });
        await worker.kill('SIGTERM');
        assert.deepEqual(await environment.keys(), []);
        assert.deepEqual(environment.snapshots(), []);
      },
    };
  }
}

/** What no controller makes of its own accord. */
const restoredKinds = ['configmaps', 'secrets', 'services', 'pods', 'persistentvolumeclaims', 'serviceaccounts'];

interface Restored {
  readonly namespace: string;
  readonly application: Application;
  readonly undisturbed: ReadonlyMap<string, Unstructured>;
}

async function assertRestored(environment: Environment, expected: Restored): Promise<void> {
  const { namespace, application, undisturbed } = expected;
  const { kubernetes } = environment;
  const discovery = await kubernetes.discover();
  for (const groupResource of restoredKinds) {
    const originals = [...undisturbed].filter(([key]) => key.startsWith(`${groupResource}/${application.namespace}/`));
    const { items } = await kubernetes.listPage(discovery.find(groupResource)!, { namespace });
    const names = items.map(({ metadata }) => metadata.name);
    assert.deepEqual(names.sort(), originals.map(([key]) => key.split('/')[2]).sort(), groupResource);
    for (const [, original] of originals) {
      const restored = items.find(({ metadata }) => metadata.name === original.metadata.name)!;
      assert.deepEqual(restored['data'], original['data']);
    }
  }
  const volumes = await volumesOf(environment, namespace);
  assert.equal(volumes.length, 1, 'expected one PersistentVolume');
  const { path } = (volumes[0]!['spec'] as { hostPath: { path: string } }).hostPath;
  assert.deepEqual(filesBelow(path), filesBelow(application.volume));
}

/** The PersistentVolumes of claims in a namespace. */
async function volumesOf({ kubernetes }: Environment, namespace: string): Promise<Unstructured[]> {
  const { items } = await kubernetes.listPage((await kubernetes.discover()).find('persistentvolumes')!);
  return items.filter(({ spec }) => (spec as { claimRef?: { namespace: string } }).claimRef?.namespace === namespace);
}

/** versitygw keeps the parts of uploads that were neither completed nor aborted in a folder of the bucket. */
async function assertNoUploads({ uploads }: Environment): Promise<void> {
  assert.deepEqual(uploads(), [], 'an upload was left');
}

/** The keys of a backup that is whole, in order. */
function artifactsOf(name: string): string[] {
  return [
    'itemoperations.json.gz',
    'logs.gz',
    'podvolumebackups.json.gz',
    'resource-list.json.gz',
    'results.gz',
    'segments.json',
    'volumeinfo.json.gz',
    'volumesnapshots.json.gz',
  ]
    .map((suffix) => `backups/${name}/${name}-${suffix}`)
    .concat(`backups/${name}/${name}.tar.gz`, `backups/${name}/velero-backup.json`)
    .sort();
}

/** Content by relative path. */
function filesBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length), readFileSync(path, 'base64')] as const;
  });
  return Object.fromEntries(contents);
}
