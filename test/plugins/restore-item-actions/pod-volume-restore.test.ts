import assert from 'node:assert/strict';
import { podVolumeRestore } from '../../../src/plugins/restore-item-actions/pod-volume-restore.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';
import { restorePod } from './pod-volumes.ts';

const velero = object('apps/v1 Deployment', 'velero/velero', {
  spec: { template: { spec: { containers: [{ name: 'velero', image: 'registry.example/velero:v1.18.1' }] } } },
});

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
  runAsUser: 1000,
  runAsNonRoot: true,
};

describe('restore item action: pod-volume-restore', () => {
  itMatchesVelero('RestoreItemAction/pod-volume-restore.json', podVolumeRestore);

  it('takes away waiting containers wherever they stand, and leaves the others as they are', async () => {
    const initContainers = [{ name: 'seed' }, { name: 'restic-wait' }, null, { name: 'restore-wait' }];
    const { initContainers: left } = await restorePod(podVolumeRestore, { spec: { initContainers } });
    assert.deepEqual(left, [{ name: 'seed' }, null]);
  });

  it('needs no Deployment of Velero for a pod without volumes, nor where an image is configured', async () => {
    assert.equal((await restorePod(podVolumeRestore, {})).error, null);
    const config = { image: 'registry.example/wait' };
    const { initContainers } = await restorePod(podVolumeRestore, { backedUp: ['data'], config });
    assert.equal(initContainers[0]?.image, 'registry.example/wait:v1.18.1');
    const { error } = await restorePod(podVolumeRestore, { backedUp: ['data'] });
    assert.match(error ?? '', /^get deployments\.apps velero: 404 NotFound/);
  });

  it('puts its container into a pod without a spec', async () => {
    const { initContainers } = await restorePod(podVolumeRestore, {
      spec: null as never,
      annotations: { 'snapshot.velero.io/data': 's' },
      others: [velero],
    });
    assert.deepEqual(
      initContainers.map(({ name, args }) => [name, args]),
      [['restore-wait', ['restore-uid']]],
    );
  });

  const own = { runAsUser: 2000, windowsOptions: { hostProcess: false } };
  const containers = [{ name: 'web', securityContext: own }];
  const settings = [
    { title: 'no setting', config: {}, securityContext: restricted },
    { title: "no setting, and the first container's own", containers, config: {}, securityContext: own },
    {
      title: 'a first container that is null',
      containers: [null, ...containers],
      config: {},
      securityContext: restricted,
    },
    { title: 'a key of its own', containers, config: { secCtxRunAsGroup: '-5' }, securityContext: { runAsGroup: -5 } },
    {
      title: 'a whole one over keys of their own',
      config: { secCtxRunAsUser: '1', secCtxRunAsGroup: '2', secCtx: '{"runAsUser": 3, "privileged": null}' },
      securityContext: { runAsUser: 3, runAsGroup: 2 },
    },
    {
      title: 'a whole one in YAML 1.1',
      config: { secCtx: 'readOnlyRootFilesystem: yes\nseLinuxOptions:\n  level: 1\n' },
      securityContext: { readOnlyRootFilesystem: true, seLinuxOptions: { level: '1' } },
    },
    { title: 'an empty one', config: { secCtx: '# nothing' }, securityContext: {} },
    { title: 'no text at all but a document mark', config: { secCtx: '---\n' }, securityContext: {} },
    {
      title: 'a null that takes a key of its own away',
      config: { secCtxRunAsUser: '1', secCtxRunAsGroup: '2', secCtx: 'runAsUser: null' },
      securityContext: { runAsGroup: 2 },
    },
    { title: 'names in another letter case', config: { secCtx: 'RUNASUSER: 5' }, securityContext: { runAsUser: 5 } },
    {
      title: 'an entry that is null',
      config: { secCtx: 'capabilities: {add: [null]}' },
      securityContext: { capabilities: { add: [''] } },
    },
    {
      title: 'the first document',
      config: { secCtx: 'runAsUser: 1\n---\nrunAsUser: 2' },
      securityContext: { runAsUser: 1 },
    },
    {
      title: 'text of many digits',
      config: { secCtx: 'procMount: 12345678901234567890' },
      securityContext: { procMount: '12345678901234567890' },
    },
    ...[
      { secCtxRunAsUser: '9223372036854775808' },
      { secCtxRunAsUser: '1_000' },
      { secCtxAllowPrivilegeEscalation: 'yes' },
      { secCtx: 'runAsUser: "1"' },
      { secCtx: 'runAsUser: 1.5' },
      { secCtx: 'runAsUser: 9223372036854775808' },
      { secCtx: 'privileged: 1' },
      { secCtx: 'capabilities: ALL' },
      { secCtx: 'capabilities: {drop: ALL}' },
      { secCtx: 'capabilities: {remove: [ALL]}' },
      { secCtx: '[]' },
      { secCtx: '{' },
      { secCtx: 'runAsUser: 1\nrunAsUser: 2' },
    ].map((config) => ({
      title: `${JSON.stringify(config)}, with a warning`,
      containers,
      config: config as Record<string, string>,
      securityContext: own,
      warned: true,
    })),
  ];
  for (const { title, config, securityContext, warned, ...spec } of settings as readonly {
    readonly title: string;
    readonly config: Record<string, string>;
    readonly securityContext: object;
    readonly warned?: boolean;
    readonly containers?: unknown;
  }[]) {
    it(`runs with ${JSON.stringify(securityContext)} by ${title}`, async () => {
      const given = { spec, backedUp: ['data'], config, others: [velero] };
      const { initContainers, warnings } = await restorePod(podVolumeRestore, given);
      assert.deepEqual(initContainers[0]?.securityContext, securityContext);
      assert.equal(warnings.length > 0, warned ?? false);
    });
  }
});
