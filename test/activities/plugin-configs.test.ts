import assert from 'node:assert/strict';
import { PluginConfigs } from '../../src/activities/plugin-configs.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesReader } from '../../src/plugins/index.ts';
import { object } from '../support/objects.ts';

const question = { namespace: 'velero', labelSelector: 'velero.io/plugin-config,example.com/a=RestoreItemAction' };

describe('PluginConfigs', () => {
  let asked: string[];
  let answer: () => Promise<readonly Unstructured[]>;
  let cluster: KubernetesReader;
  let configs: PluginConfigs;

  beforeEach(() => {
    asked = [];
    answer = async () => [object('v1 ConfigMap', 'velero/a')];
    cluster = {
      serves: async () => true,
      get: async () => assert.fail('nothing is read alone'),
      async list(groupResource, options) {
        asked.push(`${groupResource} ${options?.labelSelector ?? ''}`);
        return answer();
      },
    };
    configs = new PluginConfigs();
  });

  it('ask for the configuration of an action once a run', async () => {
    const answers = [1, 2, 3].map(() => configs.readerOf('run-1', cluster).list('configmaps', question));
    assert.deepEqual(
      (await Promise.all(answers)).map((found) => found.length),
      [1, 1, 1],
    );
    assert.deepEqual(asked, [`configmaps ${question.labelSelector}`]);
    await configs.readerOf('run-2', cluster).list('configmaps', question);
    assert.equal(asked.length, 2);
  });

  it('ask again after a fault', async () => {
    answer = () => Promise.reject(new Error('no answer'));
    await assert.rejects(configs.readerOf('run-1', cluster).list('configmaps', question));
    answer = async () => [];
    assert.deepEqual(await configs.readerOf('run-1', cluster).list('configmaps', question), []);
  });

  for (const [groupResource, options] of [
    ['configmaps', { namespace: 'velero' }],
    ['serviceaccounts', { namespace: 'shop' }],
  ] as const) {
    it(`ask for other ${groupResource} each time: a restore creates some`, async () => {
      const reader = configs.readerOf('run-1', cluster);
      await reader.list(groupResource, options);
      await reader.list(groupResource, options);
      assert.equal(asked.length, 2);
    });
  }

  it('forget runs of long ago', async () => {
    await configs.readerOf('run-0', cluster).list('configmaps', question);
    for (let run = 1; run <= 50; run++) configs.readerOf(`run-${run}`, cluster);
    await configs.readerOf('run-0', cluster).list('configmaps', question);
    assert.equal(asked.length, 2);
  });
});
