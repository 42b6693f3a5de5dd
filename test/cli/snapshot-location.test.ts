import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config.ts';
import { runCli } from './fake-cli.ts';

const text = JSON.stringify({
  volumeSnapshotLocations: [
    { name: 'ebs', provider: 'velero.io/aws', config: { region: 'eu-west-1' }, limits: { inFlight: 5 } },
    { name: 'disks', provider: 'filesystem', config: { path: '/srv' } },
  ],
});
const others = { loadConfig: async () => parseConfig(text, { file: 'the test', env: {} }) };

describe('snapshot-location get', () => {
  it("lists locations in Velero's columns, without asking anybody", async () => {
    const { exitCode, out } = await runCli(['snapshot-location', 'get'], {}, others);
    assert.equal(exitCode, 0);
    assert.equal(out, 'NAME   PROVIDER\ndisks  filesystem\nebs    velero.io/aws\n');
  });

  it('gives the object of Velero', async () => {
    const { out } = await runCli(['snapshot-location', 'get', 'ebs', '-o', 'json'], {}, others);
    assert.deepEqual(JSON.parse(out), {
      apiVersion: 'velero.io/v1',
      kind: 'VolumeSnapshotLocation',
      metadata: { name: 'ebs', namespace: 'velero' },
      spec: { provider: 'velero.io/aws', config: { region: 'eu-west-1' }, limits: { inFlight: 5 } },
    });
  });

  it('fails for a name that is not there', async () => {
    const { exitCode, err } = await runCli(['snapshot-location', 'get', 'gone'], {}, others);
    assert.equal(exitCode, 1);
    assert.match(err, /snapshot location gone: not configured/);
  });
});
