import assert from 'node:assert/strict';
import { matchVolumePolicy, type VolumeConditions } from '../../src/activities/volume-policies.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { object } from '../support/objects.ts';

const gi = 2 ** 30;
const volume = (spec: object): Unstructured => object('v1 PersistentVolume', 'pv-1', { spec });
const claim = (labels: Record<string, string>, phase = 'Bound'): Unstructured =>
  object('v1 PersistentVolumeClaim', 'shop/data', { metadata: { labels }, status: { phase } });

const nfs = volume({ nfs: { server: 'files', path: '/exports' } });
const csi = volume({ csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { kind: 'fast', iops: '200' } } });
const sized = (storage: string): Unstructured => volume({ capacity: { storage }, storageClassName: 'gold' });

interface Case {
  readonly title: string;
  readonly conditions: VolumeConditions;
  readonly met?: readonly Unstructured[];
  readonly unmet?: readonly Unstructured[];
}

const cases: readonly Case[] = [
  {
    title: 'no condition',
    conditions: {},
    met: [nfs, csi, sized('1Gi'), volume({}), object('v1 PersistentVolume', 'p')],
  },
  {
    title: 'a capacity of 1 to 10 Gi, with both ends',
    conditions: { capacity: { lower: gi, upper: 10 * gi } },
    met: [sized('1Gi'), sized('10Gi'), sized('5000Mi')],
    unmet: [sized('1023Mi'), sized('10.1Gi'), volume({})],
  },
  {
    title: 'a capacity of at most 1 Gi',
    conditions: { capacity: { lower: 0, upper: gi } },
    met: [sized('1Gi'), sized('0'), volume({})],
    unmet: [sized('2Gi')],
  },
  {
    title: 'a capacity of at least 1 Gi',
    conditions: { capacity: { lower: gi, upper: 0 } },
    met: [sized('1Gi'), sized('9Ti')],
    unmet: [sized('1G'), volume({})],
  },
  {
    title: 'one of two storage classes',
    conditions: { storageClass: ['gold', 'silver'] },
    met: [sized('1Gi')],
    unmet: [volume({ storageClassName: 'golden' }), volume({})],
  },
  { title: 'any NFS', conditions: { nfs: {} }, met: [nfs], unmet: [csi, volume({})] },
  { title: 'a server of NFS', conditions: { nfs: { server: 'files' } }, met: [nfs] },
  { title: 'another server of NFS', conditions: { nfs: { server: 'others' } }, unmet: [nfs] },
  { title: 'a path of NFS', conditions: { nfs: { path: '/exports' } }, met: [nfs] },
  { title: 'a server and another path of NFS', conditions: { nfs: { server: 'files', path: '/' } }, unmet: [nfs] },
  { title: 'any CSI driver', conditions: { csi: {} }, met: [csi], unmet: [nfs] },
  { title: 'a CSI driver', conditions: { csi: { driver: 'ebs.csi.aws.com' } }, met: [csi], unmet: [nfs] },
  { title: 'another CSI driver', conditions: { csi: { driver: 'disk.csi.azure.com' } }, unmet: [csi] },
  {
    title: 'a CSI driver and an attribute',
    conditions: { csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { kind: 'fast' } } },
    met: [csi],
  },
  {
    title: 'a CSI driver and an attribute that differs or is not there',
    conditions: { csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { kind: 'slow' } } },
    unmet: [csi, volume({ csi: { driver: 'ebs.csi.aws.com' } })],
  },
  {
    title: 'types of volumes',
    conditions: { volumeTypes: ['hostPath', 'nfs', 'storageOS'] },
    met: [nfs, volume({ hostPath: { path: '/' } }), volume({ storageos: {} })],
    unmet: [csi, volume({})],
  },
  {
    title: 'all of several conditions',
    conditions: { storageClass: ['gold'], capacity: { lower: gi, upper: 0 } },
    met: [sized('1Gi')],
    unmet: [sized('1Mi'), volume({ capacity: { storage: '1Gi' } })],
  },
];

describe('matchVolumePolicy', () => {
  for (const { title, conditions, met = [], unmet = [] } of cases) {
    it(`knows ${title}`, () => {
      const policies = [{ action: 'skip' as const, conditions }];
      for (const one of met) assert.equal(matchVolumePolicy(policies, one, undefined)?.number, 1, JSON.stringify(one));
      for (const one of unmet)
        assert.equal(matchVolumePolicy(policies, one, undefined), undefined, JSON.stringify(one));
    });
  }

  const ofClaims: readonly [string, VolumeConditions, Unstructured | undefined, boolean][] = [
    ['all labels of the claim', { pvcLabels: { a: 'b', c: 'd' } }, claim({ a: 'b', c: 'd', e: 'f' }), true],
    ['a label that differs', { pvcLabels: { a: 'b' } }, claim({ a: 'c' }), false],
    ['a label, without a claim', { pvcLabels: { a: 'b' } }, undefined, false],
    ['no label in particular', { pvcLabels: {} }, undefined, true],
    ['one of two phases', { pvcPhase: ['Lost', 'Bound'] }, claim({}), true],
    ['another phase', { pvcPhase: ['Pending'] }, claim({}), false],
    ['a phase, without a claim', { pvcPhase: ['Bound'] }, undefined, false],
  ];
  for (const [title, conditions, one, met] of ofClaims) {
    it(`knows ${title}`, () => {
      const matched = matchVolumePolicy([{ action: 'skip', conditions }], volume({}), one);
      assert.equal(matched !== undefined, met);
    });
  }

  it('takes the first that matches, and tells its place', () => {
    const matched = matchVolumePolicy(
      [
        { action: 'skip', conditions: { nfs: {} } },
        { action: 'snapshot', conditions: { csi: {} } },
        { action: 'custom', conditions: {} },
      ],
      csi,
      undefined,
    );
    assert.deepEqual([matched?.action, matched?.number], ['snapshot', 2]);
  });
});
