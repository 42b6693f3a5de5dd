import assert from 'node:assert/strict';
import type { RestoreHooks } from '../../../src/api/restore.ts';
import { runCase, type CaseResult } from '../../../src/cli/item-action-case.ts';
import { initRestoreHook } from '../../../src/plugins/restore-item-actions/init-restore-hook.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const wait = { name: 'wait-db', image: 'busybox', command: ['nc'], 'x-unknown': { kept: true } };

interface Given {
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly initContainers?: unknown;
  readonly hooks?: unknown;
  readonly namespaceMapping?: Readonly<Record<string, string>>;
  readonly uid?: string;
}

async function restore({
  annotations = {},
  initContainers,
  hooks,
  namespaceMapping,
  uid = 'u',
}: Given): Promise<CaseResult> {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`init.hook.restore.velero.io/${key}`, value]);
  const metadata = { labels: { app: 'web' }, annotations: Object.fromEntries(prefixed) as Record<string, string> };
  const item = object('v1 Pod', 'shop/web', { metadata, spec: { initContainers } });
  const resources = hooks as RestoreHooks['resources'];
  const spec = {
    backupName: 'nightly',
    ...(namespaceMapping && { namespaceMapping }),
    hooks: { resources: resources ?? null },
  };
  const velero = {
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name: 'again', namespace: 'velero', uid },
    spec,
  } as const;
  const log = { info: () => undefined, warning: () => undefined };
  return runCase(initRestoreHook, { item, restore: velero }, { log });
}

function containersOf({ item, error }: CaseResult): unknown {
  assert.equal(error, null);
  return (item!['spec'] as { readonly initContainers?: unknown }).initContainers;
}

function nameOf(result: CaseResult): string {
  return (containersOf(result) as { name: string }[])[0]!.name;
}

describe('restore item action: init-restore-hook', () => {
  itMatchesVelero('RestoreItemAction/init-restore-hook.json', initRestoreHook);

  const commands = [
    { text: undefined, command: undefined },
    { text: '', command: undefined },
    { text: '[]', command: undefined },
    { text: ' ["a"]', command: [' ["a"]'] },
    { text: '["a", null]', command: ['a', ''] },
    { text: '["a", 1]', command: ['["a", 1]'] },
    { text: '[ -f /x ]', command: ['[ -f /x ]'] },
    { text: 'sh -c x', command: ['sh -c x'] },
  ];
  for (const { text, command } of commands) {
    it(`takes the command ${JSON.stringify(text)} for ${JSON.stringify(command)}`, async () => {
      const annotations = { 'container-image': 'i', 'container-name': 'n', command: text };
      const result = await restore({ annotations });
      assert.deepEqual(containersOf(result), [{ name: 'n', image: 'i', ...(command && { command }) }]);
    });
  }

  it('makes one name for a pod in a restore, however often it is asked', async () => {
    const annotations = { 'container-image': 'i' };
    const name = nameOf(await restore({ annotations }));
    assert.match(name, /^velero-restore-init-[0-9a-f]{8}$/);
    assert.equal(nameOf(await restore({ annotations })), name);
    assert.notEqual(nameOf(await restore({ annotations, uid: 'another' })), name);
  });

  it('goes by the restore where the annotation names no image', async () => {
    const hooks = [{ postHooks: [{ init: { initContainers: [wait] } }] }];
    const result = await restore({ annotations: { 'container-image': '', command: 'x' }, hooks });
    assert.deepEqual(containersOf(result), [wait]);
  });

  for (const name of ['restic-wait', 'restore-wait']) {
    it(`keeps ${name} first, but only if it is`, async () => {
      const hooks = [{ postHooks: [{ init: { initContainers: [wait] } }] }];
      const [waiting, seed] = [{ name }, { name: 'seed' }];
      assert.deepEqual(containersOf(await restore({ hooks, initContainers: [waiting, seed] })), [waiting, wait, seed]);
      assert.deepEqual(containersOf(await restore({ hooks, initContainers: [seed, waiting] })), [wait, seed, waiting]);
      assert.deepEqual(containersOf(await restore({ hooks, initContainers: [null, waiting] })), [wait, null, waiting]);
    });
  }

  const selectors = [
    { title: 'no selector', selector: {}, applies: true },
    { title: 'the mapped namespace', selector: { includedNamespaces: ['target'] }, applies: true },
    {
      title: 'the namespace in the backup, which is mapped',
      selector: { includedNamespaces: ['shop'] },
      applies: false,
    },
    { title: 'other resources, which count for nothing', selector: { includedResources: ['jobs'] }, applies: true },
    { title: 'an empty label selector', selector: { labelSelector: {} }, applies: true },
    { title: 'a null label selector', selector: { labelSelector: null }, applies: true },
    {
      title: 'labels that the pod lacks',
      selector: { labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } },
      applies: false,
    },
  ];
  for (const { title, selector, applies } of selectors) {
    it(`${applies ? 'applies' : 'does not apply'} a hook with ${title}`, async () => {
      const hooks = [{ ...selector, postHooks: [{ exec: {} }, { init: { initContainers: [wait] } }, { init: null }] }];
      const result = await restore({ hooks, namespaceMapping: { shop: 'target' } });
      assert.deepEqual(containersOf(result), applies ? [wait] : undefined);
    });
  }

  const refused = [
    { title: 'a container that is null', hooks: [{ postHooks: [{ init: { initContainers: [null] } }] }] },
    { title: 'an empty command', hooks: [{ postHooks: [{ init: { initContainers: [{ ...wait, command: [] }] } }] }] },
    { title: 'a container that is text', hooks: [{ postHooks: [{ init: { initContainers: ['x'] } }] }] },
    {
      title: 'a selector that is none, of a hook that does not apply',
      hooks: [{ includedNamespaces: ['x'], labelSelector: { matchLabels: { '/': '' } } }],
    },
  ];
  for (const { title, hooks } of refused) {
    it(`refuses ${title}`, async () => assert.notEqual((await restore({ hooks })).error, null));
  }

  it('refuses nothing of a hook that does not apply', async () => {
    const hooks = [{ excludedNamespaces: ['sh*'], postHooks: [{ init: { initContainers: [null] } }] }];
    assert.equal(containersOf(await restore({ hooks })), undefined);
  });

  it('refuses an annotation that is no text, and init containers that are no objects', async () => {
    const [annotation, container] = [
      await restore({ annotations: { 'container-image': 1 } }),
      await restore({ initContainers: ['x'] }),
    ];
    assert.equal(annotation.error, 'field init.hook.restore.velero.io/container-image: expected text, got number');
    assert.equal(container.error, 'field initContainers: expected objects, got string');
  });
});
