import assert from 'node:assert/strict';
import { restic } from '../../../src/plugins/restore-item-actions/restic.ts';
import { itMatchesVelero } from '../../support/vectors.ts';
import { podVolumeBackup, restorePod } from './pod-volumes.ts';

describe('restore item action: restic', () => {
  itMatchesVelero('RestoreItemAction/restic.json', restic);

  it('goes by the annotations of early backups where there is no PodVolumeBackup', async () => {
    const annotations = { 'snapshot.velero.io/data': 's-1', 'other/data': 'x' };
    const { initContainers } = await restorePod(restic, { annotations });
    assert.deepEqual(initContainers[0]?.volumeMounts, [{ name: 'data', mountPath: '/restores/data' }]);
    const both = await restorePod(restic, { annotations, backedUp: ['logs'] });
    assert.deepEqual(both.initContainers[0]?.volumeMounts, [{ name: 'logs', mountPath: '/restores/logs' }]);
  });

  it('mounts a volume once, however many backups it has, and none that Kubernetes fills', async () => {
    const { initContainers } = await restorePod(restic, {
      spec: { volumes: [{ name: 'token', projected: {} }, { name: 'info', downwardAPI: {} }, null] },
      backedUp: ['data', 'data', 'token', 'info'],
    });
    assert.deepEqual(
      initContainers[0]?.volumeMounts.map(({ name }) => name),
      ['data', 'info'],
    );
  });

  it('finds the backups of a backup whose name is longer than a label', async () => {
    const backupName = 'n'.repeat(64);
    const backup = podVolumeBackup('data');
    backup.metadata.labels = { 'velero.io/backup-name': `${'n'.repeat(57)}ce068a` };
    const { initContainers } = await restorePod(restic, { backupName, others: [backup] });
    assert.equal(initContainers.length, 1);
  });

  it('replaces a waiting container at the first place only', async () => {
    const old = { name: 'restic-wait', image: 'old' };
    const seed = { name: 'seed' };
    const namesAfter = async (initContainers: unknown): Promise<unknown> =>
      (await restorePod(restic, { spec: { initContainers }, backedUp: ['data'] })).initContainers.map(
        (one) => one?.name,
      );
    assert.deepEqual(await namesAfter([old, seed]), ['restic-wait', 'seed']);
    assert.deepEqual(await namesAfter([seed, old]), ['restic-wait', 'seed', 'restic-wait']);
    assert.deepEqual(await namesAfter([null, old]), ['restic-wait', undefined, 'restic-wait']);
    assert.deepEqual(await namesAfter(null), ['restic-wait']);
  });

  it('reads security settings up to the first that it can not read', async () => {
    const { initContainers, warnings } = await restorePod(restic, {
      backedUp: ['data'],
      config: { secCtxRunAsUser: '9007199254740993', secCtxRunAsGroup: 'users', secCtxAllowPrivilegeEscalation: 'T' },
    });
    assert.equal(JSON.stringify(initContainers[0]?.securityContext), '{"runAsUser":9007199254740993}');
    assert.deepEqual(warnings, ["security settings are left out: secCtxRunAsGroup can't be read"]);
  });

  const settings = [
    { config: { image: 'registry:5000/wait' }, image: 'registry:5000/wait:v1.6.3' },
    { config: { image: 'wait' }, image: 'velero/velero-restic-restore-helper:v1.6.3' },
    { config: { image: 'a/wait@sha256:00' }, image: 'a/wait@sha256:00' },
  ];
  for (const { config, image } of settings) {
    it(`runs ${image} where the configuration names ${config.image}`, async () => {
      const { initContainers } = await restorePod(restic, { backedUp: ['data'], config });
      assert.equal(initContainers[0]?.image, image);
    });
  }

  for (const { config, warning } of [
    { config: { cpuRequest: 'much' }, warning: 'key cpuRequest: "much" is no quantity' },
    { config: { memLimit: '1 Gi' }, warning: 'key memLimit: "1 Gi" is no quantity' },
    { config: { cpuRequest: '2', cpuLimit: '1' }, warning: 'key cpuRequest: 2 exceeds 1, which is cpuLimit' },
    {
      config: { cpuRequest: 'a', cpuLimit: 'b', memRequest: '1Ti' },
      warning:
        'key cpuRequest: "a" is no quantity; key cpuLimit: "b" is no quantity; key memRequest: 1Ti exceeds 128Mi, which is memLimit',
    },
  ]) {
    it(`names the keys of what it can not use: ${JSON.stringify(config)}`, async () => {
      const { warnings } = await restorePod(restic, { backedUp: ['data'], config: config as Record<string, string> });
      assert.deepEqual(warnings, [`the default resources are used: ${warning}`]);
    });
  }

  const defaults = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '100m', memory: '128Mi' } };
  const amounts = [
    { config: { cpuLimit: '0' }, resources: { ...defaults, limits: { memory: '128Mi' } } },
    { config: { cpuLimit: '0m' }, resources: defaults, warned: true },
    { config: { cpuRequest: '0m' }, resources: { ...defaults, requests: { cpu: '0m', memory: '128Mi' } } },
    { config: { cpuRequest: '-1' }, resources: { ...defaults, requests: { cpu: '-1', memory: '128Mi' } } },
    {
      config: { memRequest: '1Gi', memLimit: '1024Mi' },
      resources: { ...defaults, requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '100m', memory: '1024Mi' } },
    },
    { config: { memLimit: '1 Gi' }, resources: defaults, warned: true },
    { config: { cpuRequest: '', memLimit: '' }, resources: defaults },
  ];
  for (const { config, resources, warned = false } of amounts) {
    it(`asks for ${JSON.stringify(resources)} with ${JSON.stringify(config)}`, async () => {
      const { initContainers, warnings } = await restorePod(restic, { backedUp: ['data'], config });
      assert.deepEqual(initContainers[0]?.resources, resources);
      assert.equal(warnings.length > 0, warned);
    });
  }
});
