import assert from 'node:assert/strict';
import { withFittingWait } from '../../src/activities/wait-actions.ts';
import { object } from '../support/objects.ts';

const actions = ['velero.io/pod', 'velero.io/pod-volume-restore', 'velero.io/restic'].map((name) => ({ name }));

describe('withFittingWait', () => {
  for (const { uploaders, action } of [
    { uploaders: [], action: 'velero.io/pod-volume-restore' },
    { uploaders: ['kopia'], action: 'velero.io/pod-volume-restore' },
    { uploaders: ['restic', 'kopia'], action: 'velero.io/pod-volume-restore' },
    { uploaders: ['restic', '', null, undefined], action: 'velero.io/restic' },
  ]) {
    it(`keeps ${action} for volumes of the uploaders ${JSON.stringify(uploaders)}`, () => {
      const podVolumeBackups = uploaders.map((uploaderType) =>
        object('velero.io/v1 PodVolumeBackup', 'velero/x', { spec: { uploaderType } }),
      );
      const names = withFittingWait(actions, podVolumeBackups).map(({ name }) => name);
      assert.deepEqual(names, ['velero.io/pod', action]);
    });
  }

  it('takes PodVolumeBackups without a spec for restic’s', () => {
    const names = withFittingWait(actions, [object('velero.io/v1 PodVolumeBackup', 'velero/x')]).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['velero.io/pod', 'velero.io/restic']);
  });
});
