import assert from 'node:assert/strict';
import { parseJson } from '../../src/api/json.ts';
import { caseReader } from '../../src/cli/case-cluster.ts';
import { pluginConfig } from '../../src/plugins/plugin-config.ts';
import { object } from '../support/objects.ts';

const name = 'velero.io/change-storage-class';

function configMap(data: unknown, configMapName = 'config', labels: Record<string, string> = {}) {
  return object('v1 ConfigMap', `velero/${configMapName}`, {
    metadata: { labels: { 'velero.io/plugin-config': '', [name]: 'RestoreItemAction', ...labels } },
    ...(data !== undefined && { data }),
  });
}

function read(...cluster: ReturnType<typeof configMap>[]) {
  return pluginConfig({ kubernetes: caseReader({ cluster }), namespace: 'velero', kind: 'RestoreItemAction', name });
}

describe('pluginConfig', () => {
  it('finds the ConfigMap that is labelled for the action, and nothing where there is none', async () => {
    const ofAnother = configMap({ a: 'c' }, 'other', { [name]: 'BackupItemAction' });
    assert.deepEqual(await read(ofAnother, configMap({ a: 'b' })), { a: 'b' });
    assert.equal(await read(ofAnother), undefined);
  });

  it('takes data that is absent for none, and null for the empty text', async () => {
    assert.deepEqual(await read(configMap(undefined)), {});
    assert.deepEqual(await read(configMap(null)), {});
    assert.deepEqual(await read(configMap({ a: null })), { a: '' });
  });

  for (const [value, got] of [
    [1, 'number'],
    [true, 'boolean'],
    [{}, 'object'],
    [parseJson('12345678901234567890'), 'object'],
  ] as const) {
    it(`names the key of a value that is no text: ${JSON.stringify(value)}`, async () => {
      await assert.rejects(read(configMap({ good: 'x', bad: value })), {
        code: 'InvalidConfig',
        message: `ConfigMap velero/config: key bad: expected text, got ${got}`,
      });
    });
  }

  it('refuses to choose between several', async () => {
    await assert.rejects(read(configMap({}), configMap({}, 'double')), {
      code: 'InvalidConfig',
      message: /found more than one ConfigMap .*: \[config double\]$/,
    });
  });
});
