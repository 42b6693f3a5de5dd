import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRegistry } from '../../src/plugins/registry.ts';
import { temporaryFolder } from './temporary-folder.ts';

const registry = createRegistry();

function names(actions: readonly { readonly name: string }[]): string[] {
  return actions.map(({ name }) => name);
}

describe('createRegistry', () => {
  for (const kind of ['backup', 'restore'] as const) {
    it(`has each action that a file of ${kind}-item-actions is named for, in their order`, () => {
      const folder = new URL(`../../src/plugins/${kind}-item-actions/`, import.meta.url);
      const files = readdirSync(folder).filter((file) => file !== 'index.ts');
      assert.deepEqual(
        names(registry[`${kind}ItemActions`]),
        files.map((file) => `velero.io/${file.slice(0, -'.ts'.length)}`).sort(),
      );
    });
  }

  it('has no delete item action of its own', () => assert.deepEqual(registry.deleteItemActions, []));

  describe('named', () => {
    const locations = [{ name: 'default' }, { name: 'cold' }];

    it('finds a location', () => assert.equal(registry.named(locations, 'cold'), locations[1]));

    it('refuses an unknown one and names those there are', () => {
      assert.throws(() => registry.named(locations, 'warm'), {
        code: 'InvalidConfig',
        message: 'location warm: not configured; known are default, cold',
      });
      assert.throws(() => registry.named([], 'warm'), { message: /known are none$/ });
    });
  });

  describe('openObjectStore', () => {
    for (const provider of ['filesystem', 'velero.io/filesystem'])
      it(`opens the bucket of provider ${provider}, its keys below the prefix`, async () => {
        const path = temporaryFolder();
        const objectStorage = { bucket: 'b', prefix: '/velero/' };
        const store = await registry.openObjectStore({ name: 'default', provider, objectStorage, config: { path } });
        await store.putObject('k', Buffer.from('x'));
        assert.ok(existsSync(join(path, 'b/velero/k')));
      });

    it('hands bucket, prefix and certificate to every provider', async () => {
      const objectStorage = { bucket: 'b', prefix: 'p', caCert: 'certificate' };
      const store = await registry.openObjectStore({
        name: 'default',
        provider: 'aws',
        objectStorage,
        config: { region: 'eu-west-1' },
      });
      assert.equal(store.url, 's3://b/p');
    });

    it('refuses a bucket with a slash, and says what to use', async () => {
      const objectStorage = { bucket: 'b/velero' };
      await assert.rejects(registry.openObjectStore({ name: 'default', provider: 'filesystem', objectStorage }), {
        code: 'InvalidConfig',
        message: 'location default: bucket b/velero may not contain a slash; use prefix',
      });
    });

    it('refuses settings that the provider does not know', async () => {
      const config = { path: temporaryFolder(), region: 'eu' };
      const location = { name: 'default', provider: 'filesystem', objectStorage: { bucket: 'b' }, config };
      await assert.rejects(registry.openObjectStore(location), { code: 'InvalidConfig', message: /\[region\]/ });
    });

    for (const provider of ['ceph', 'example.com/filesystem', 'constructor', ''])
      it(`refuses the provider ${JSON.stringify(provider)} and names those there are`, async () => {
        const location = { name: 'default', provider, objectStorage: { bucket: 'b' } };
        await assert.rejects(registry.openObjectStore(location), {
          code: 'InvalidConfig',
          message: `location default: no provider is named ${provider}; known are aws, azure, filesystem, gcp`,
        });
      });
  });

  describe('openVolumeSnapshotter', () => {
    for (const provider of ['filesystem', 'velero.io/filesystem'])
      it(`opens provider ${provider}`, async () => {
        const config = { path: temporaryFolder() };
        const snapshotter = await registry.openVolumeSnapshotter({ name: 'default', provider, config });
        assert.equal(
          snapshotter.getVolumeId({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } }),
          '',
        );
      });

    it('hands the settings to every provider', async () => {
      for (const [provider, message] of [
        ['aws', /^aws volume snapshotter: config lacks \[region\]$/],
        ['velero.io/azure', /^azure volume snapshotter: config lacks \[credentialsFile\]$/],
        ['gcp', /^gcp volume snapshotter: snapshotType: expected STANDARD or ARCHIVE, got none$/],
      ] as const) {
        const config: Record<string, string> = provider === 'gcp' ? { snapshotType: 'none', volumeProject: 'p' } : {};
        const opened = registry.openVolumeSnapshotter({ name: 'default', provider, config });
        await assert.rejects(opened, { code: 'InvalidConfig', message });
      }
    });

    it('refuses an unknown provider, and settings that a known one lacks', async () => {
      for (const [provider, message] of [
        ['ceph', 'location default: no provider is named ceph; known are aws, azure, filesystem, gcp'],
        ['filesystem', 'filesystem volume snapshotter: config lacks [path]'],
      ] as const)
        await assert.rejects(registry.openVolumeSnapshotter({ name: 'default', provider }), {
          code: 'InvalidConfig',
          message,
        });
    });
  });
});
