import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import type { BackupStorageLocation } from '../../src/api/locations.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import type { ObjectStore } from '../../src/plugins/object-store.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import { freePort } from '../../tools/stack/server.ts';
import { azureContainer } from '../plugins/object-stores/azure-container.ts';
import { gcpBucket } from '../plugins/object-stores/gcp-bucket.ts';
import { motoBucket } from '../plugins/object-stores/s3-bucket.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { createApplication, type Application } from './application.ts';
import { createEnvironment, type Environment } from './environment.ts';

/** A location of a provider, of what opens a bucket. */
function locationOf(provider: string, { bucket = '', ...config }: Record<string, string>): BackupStorageLocation {
  return {
    name: `on-${provider}`,
    provider: `velero.io/${provider}`,
    objectStorage: { bucket, prefix: 'east' },
    config,
  };
}

describe('storage locations', function () {
  this.timeout(120_000);
  let environment: Environment;
  let application: Application;
  let locations: readonly BackupStorageLocation[];

  before(async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const [moto, container, bucket] = await Promise.all([motoBucket(), azureContainer(), gcpBucket()]);
    locations = [
      locationOf('aws', moto),
      locationOf('azure', container),
      locationOf('gcp', bucket),
      locationOf('filesystem', { bucket: 'files', path: temporaryFolder(), signedUrlListen: listen }),
    ];
    environment = await createEnvironment('storage-locations', {
      settings: ({ backupStorageLocations }) => ({
        backupStorageLocations: [...backupStorageLocations, ...locations],
      }),
    });
    application = await createApplication(environment.kubernetes, 'storage-locations', environment.folder);
    environment.startWorker();
  });

  after(() => environment.stop());

  for (const provider of ['aws', 'azure', 'gcp', 'filesystem']) {
    it(`keep backups that restores read: ${provider}`, async () => {
      const { namespace } = application;
      const storageLocation = `on-${provider}`;
      const spec = { storageLocation, includedNamespaces: [namespace], snapshotVolumes: false };
      assert.equal((await environment.run('backup', { name: `to-${provider}`, spec })).phase, 'Completed');

      const mapping = { [namespace]: `from-${provider}` };
      const restored = await environment.run('restore', {
        name: `from-${provider}`,
        spec: { backupName: `to-${provider}`, namespaceMapping: mapping, restorePVs: false },
      });
      assert.equal(restored.phase, 'Completed', JSON.stringify(restored));
      const configMaps = (await environment.kubernetes.discover()).find('configmaps')!;
      const [original] = application.objects.filter(({ kind }) => kind === 'ConfigMap');
      const copy = await environment.kubernetes.get(configMaps, {
        namespace: `from-${provider}`,
        name: original!.metadata.name,
      });
      assert.deepEqual(copy['data'], original!['data']);

      const keys: string[] = [];
      for await (const key of (await open(provider)).listObjects('')) keys.push(key);
      assert.ok(keys.includes(backupLayout(`to-${provider}`).metadata), keys.join());
      assert.deepEqual(
        keys.filter((key) => key.includes('/staging/')),
        [],
      );
    });
  }

  it('of files: the worker gives them to whoever has a signed URL', async () => {
    const store = await open('filesystem');
    const { contents } = backupLayout('to-filesystem');
    const response = await fetch(await store.createSignedUrl(contents, 60));
    assert.equal(response.status, 200);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), await buffer(await store.getObject(contents)));
  });

  async function open(provider: string): Promise<ObjectStore> {
    return createRegistry().openObjectStore(locations.find(({ name }) => name === `on-${provider}`)!);
  }
});
