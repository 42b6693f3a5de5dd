import assert from 'node:assert/strict';
import { cloneJson } from '../../../src/api/json.ts';
import {
  diskOfLink,
  diskPlace,
  gcpVolumeId,
  setGcpVolumeId,
} from '../../../src/plugins/volume-snapshotters/gcp-volumes.ts';
import { object } from '../../support/objects.ts';

const csi = (volumeHandle: unknown, driver = 'pd.csi.storage.gke.io') => ({
  csi: { driver, volumeHandle, fsType: 'ext4' },
});

const known = [
  {
    title: 'of the CSI driver',
    spec: csi('projects/p/zones/us-central1-a/disks/pvc-1'),
    edited: csi('projects/p/zones/us-central1-a/disks/new'),
  },
  {
    title: 'of the CSI driver, in two zones',
    spec: csi('projects/p/regions/us-central1/disks/pvc-1'),
    edited: csi('projects/p/regions/us-central1/disks/new'),
  },
  {
    title: 'of the CSI driver, in another project',
    spec: csi('projects/q/zones/us-central1-a/disks/pvc-1'),
    edited: csi('projects/p/zones/us-central1-a/disks/new'),
  },
  {
    title: 'of the driver for confidential disks',
    spec: csi('projects/p/zones/us-central1-a/disks/pvc-1', 'gcp.csi.confidential.cloud'),
    edited: csi('projects/p/zones/us-central1-a/disks/new', 'gcp.csi.confidential.cloud'),
  },
  {
    title: 'in-tree',
    spec: { gcePersistentDisk: { pdName: 'pvc-1', fsType: 'ext4', partition: 1 } },
    edited: { gcePersistentDisk: { pdName: 'new', fsType: 'ext4', partition: 1 } },
  },
];

describe('PersistentVolumes of Google Cloud', () => {
  for (const { title, spec, edited } of known)
    it(`${title} name their disk, and can be pointed to another`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.equal(gcpVolumeId(volume), 'pvc-1');
      assert.equal(setGcpVolumeId(volume, 'new', 'p'), volume);
      assert.deepEqual(volume['spec'], edited);
    });

  for (const spec of [
    csi('projects/p/zones/z/disks/d', 'filestore.csi.storage.gke.io'),
    { nfs: {} },
    {},
    { csi: null },
  ])
    it(`${JSON.stringify(spec)} are none of Google's`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.equal(gcpVolumeId(volume), '');
      assert.throws(() => setGcpVolumeId(volume, 'new', 'p'), {
        code: 'Unsupported',
        message: /^set volume id of pv: /,
      });
    });

  for (const spec of [
    csi('pvc-1'),
    csi('projects/p/disks/pvc-1'),
    csi('projects/p/zones/z/disks/'),
    csi('projects/p/zones/z/disks/a/b'),
    csi(undefined),
    { gcePersistentDisk: { pdName: '' } },
    { gcePersistentDisk: {} },
  ])
    it(`${JSON.stringify(spec)} are a mistake, which is told`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.throws(() => gcpVolumeId(volume), {
        code: 'InvalidItem',
        message: /^volume id of pv: spec\.\S+ names no volume/,
      });
    });
});

describe('diskPlace', () => {
  it('is a zone, or a region with a replica in each of its zones', () => {
    assert.deepEqual(diskPlace('us-central1-a'), { scope: 'zones/us-central1-a' });
    assert.deepEqual(diskPlace('us-central1-a__us-central1-f'), {
      scope: 'regions/us-central1',
      replicaZones: ['us-central1-a', 'us-central1-f'],
    });
  });

  for (const zone of ['', 'a', 'us-central1-a__', '__us-central1-a', '../x-a', 'us-central1-a/b'])
    it(`is none for ${JSON.stringify(zone)}`, () => assert.throws(() => diskPlace(zone), { code: 'InvalidItem' }));
});

describe('diskOfLink', () => {
  it('takes a link apart', () => {
    for (const link of [
      'https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/disks/d',
      'https://compute.googleapis.com/compute/v1/projects/p/regions/us-central1/disks/d',
      'projects/p/zones/us-central1-a/disks/d',
    ])
      assert.deepEqual(diskOfLink(link), { project: 'p', name: 'd' });
  });

  it('knows what is none', () => {
    for (const link of ['', 'd', 'projects/p/global/snapshots/s', 'projects/p/zones/z/disks/d/x'])
      assert.equal(diskOfLink(link), undefined, link);
  });
});
