import assert from 'node:assert/strict';
import { cloneJson } from '../../../src/api/json.ts';
import { awsVolumeId, setAwsVolumeId } from '../../../src/plugins/volume-snapshotters/aws-volumes.ts';
import { object } from '../../support/objects.ts';

const labels = { 'failure-domain.beta.kubernetes.io/zone': 'us-east-1a' };
const csi = (volumeHandle: unknown, driver = 'ebs.csi.aws.com') => ({ csi: { driver, volumeHandle, fsType: 'xfs' } });
const inTree = (volumeID: unknown) => ({ awsElasticBlockStore: { volumeID, fsType: 'ext4', partition: 1 } });

const known = [
  { title: 'of the CSI driver', spec: csi('vol-1'), found: 'vol-1', edited: csi('vol-2') },
  { title: 'of the CSI driver, with more before the id', spec: csi('x/vol-1'), found: 'vol-1', edited: csi('vol-2') },
  { title: 'in-tree', spec: inTree('vol-1'), found: 'vol-1', edited: inTree('vol-2') },
  { title: 'in-tree, with a zone', spec: inTree('aws://us-east-1a/vol-1'), found: 'vol-1', edited: inTree('vol-2') },
  {
    title: 'in-tree, with a zone and its label',
    labels,
    spec: inTree('aws://us-east-1a/vol-1'),
    found: 'vol-1',
    edited: inTree('aws://us-east-1a/vol-2'),
  },
  { title: 'in-tree, of another form', spec: inTree('disk-1'), found: '', edited: inTree('vol-2') },
];

describe('PersistentVolumes of EBS', () => {
  for (const { title, spec, found, edited, ...metadata } of known)
    it(`${title} name their volume, and can be pointed to another`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { metadata, spec: cloneJson(spec) });
      assert.equal(awsVolumeId(volume), found);
      assert.equal(setAwsVolumeId(volume, 'vol-2'), volume);
      assert.deepEqual(volume['spec'], edited);
    });

  for (const spec of [csi('vol-1', 'efs.csi.aws.com'), { nfs: {} }, {}, { awsElasticBlockStore: null }])
    it(`${JSON.stringify(spec)} are none of EBS`, () => {
      const volume = object('v1 PersistentVolume', 'pv', { spec: cloneJson(spec) });
      assert.equal(awsVolumeId(volume), '');
      assert.throws(() => setAwsVolumeId(volume, 'vol-2'), {
        code: 'Unsupported',
        message: 'set volume id of pv: expected a volume of ebs.csi.aws.com or awsElasticBlockStore',
      });
    });

  for (const handle of ['', 'disk-1', undefined])
    it(`of the CSI driver with the handle ${JSON.stringify(handle)} have no id`, () =>
      assert.equal(awsVolumeId(object('v1 PersistentVolume', 'pv', { spec: csi(handle) })), ''));

  for (const spec of [inTree(''), inTree(undefined)])
    it(`${JSON.stringify(spec)} are a mistake, which is told`, () =>
      assert.throws(() => awsVolumeId(object('v1 PersistentVolume', 'pv', { spec })), {
        code: 'InvalidItem',
        message: /^volume id of pv: spec\.awsElasticBlockStore names no volume, it is \{/,
      }));
});
