import assert from 'node:assert/strict';
import { cloneJson } from '../../../src/api/json.ts';
import {
  azureVolumeId,
  azureZones,
  parseAzureId,
  setAzureVolumeId,
} from '../../../src/plugins/volume-snapshotters/azure-volumes.ts';
import { object } from '../../support/objects.ts';

const scope = { subscriptionId: 's', resourceGroup: 'g' };
const id = (name: string, group = 'g') =>
  `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Compute/disks/${name}`;
const csi = (volumeHandle: unknown, driver = 'disk.csi.azure.com') => ({
  csi: { driver, volumeHandle, fsType: 'ext4' },
});

const known = [
  { title: 'of the CSI driver', spec: csi(id('pvc-1', 'MC_old')), found: 'pvc-1', edited: csi(id('new')) },
  {
    title: 'of the CSI driver, in letters of another case',
    spec: csi('/subscriptions/S/resourcegroups/G/providers/microsoft.compute/disks/pvc-1'),
    found: 'pvc-1',
    edited: csi(id('new')),
  },
  {
    title: 'in-tree',
    spec: { azureDisk: { diskName: 'pvc-1', diskURI: id('pvc-1'), kind: 'Managed' } },
    found: 'pvc-1',
    edited: { azureDisk: { diskName: 'new', diskURI: id('new'), kind: 'Managed' } },
  },
];

const unknown = [
  { title: 'of another driver', spec: csi(id('pvc-1'), 'file.csi.azure.com') },
  { title: 'of another kind', spec: { nfs: { server: 'a', path: '/b' } } },
  { title: 'without a source', spec: { capacity: { storage: '1Gi' } } },
  { title: 'whose source is null', spec: { azureDisk: null, csi: null } },
];

describe('PersistentVolumes of Azure', () => {
  for (const { title, spec, found, edited } of known)
    it(`${title} name their disk, and can be pointed to another`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.equal(azureVolumeId(volume), found);
      assert.equal(setAzureVolumeId(volume, 'new', scope), volume);
      assert.deepEqual(volume['spec'], edited);
    });

  for (const { title, spec } of unknown)
    it(`${title} are none of Azure's`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.equal(azureVolumeId(volume), '');
      assert.throws(() => setAzureVolumeId(volume, 'new', scope), {
        code: 'Unsupported',
        message: 'set volume id of pv: expected a volume of disk.csi.azure.com or azureDisk',
      });
    });

  it('of the driver, whose handle is no id of a disk, have none', () => {
    for (const handle of ['', 'pvc-1', '/subscriptions/s/disks/pvc-1', undefined])
      assert.equal(azureVolumeId(object('v1 PersistentVolume', 'pv', { spec: csi(handle) })), '');
  });

  it('in-tree without a disk are a mistake, which is told', () => {
    const volume = object('v1 PersistentVolume', 'pv', { spec: { azureDisk: { diskName: '', kind: 'Managed' } } });
    assert.throws(() => azureVolumeId(volume), {
      code: 'InvalidItem',
      message: 'volume id of pv: spec.azureDisk names no volume, it is {"diskName":"","kind":"Managed"}',
    });
  });
});

describe('azureZones', () => {
  for (const [zone, sku, zones] of [
    ['westeurope-2', 'Premium_LRS', ['2']],
    ['eastus2-1', '', ['1']],
    ['westeurope', 'Premium_LRS', undefined],
    ['', 'Premium_LRS', undefined],
    ['0', 'Premium_LRS', undefined],
    ['westeurope-2', 'Premium_ZRS', undefined],
    ['westeurope-2', 'StandardSSD_ZRS', undefined],
  ] as const)
    it(`makes ${JSON.stringify(zones)} of ${JSON.stringify(zone)} for ${sku || 'no type'}`, () =>
      assert.deepEqual(azureZones(zone, sku), zones));
});

describe('parseAzureId', () => {
  it('takes an id apart', () => {
    assert.deepEqual(parseAzureId('disks', id('pvc-1')), { ...scope, name: 'pvc-1' });
  });

  it('knows what is none', () => {
    for (const text of ['', 'pvc-1', id(''), id('a/b'), id('a').replace('disks', 'snapshots'), ` ${id('a')}`])
      assert.equal(parseAzureId('disks', text), undefined, text);
  });
});
