import assert from 'node:assert/strict';
import { parseJson, type JsonObject } from '../../src/api/json.ts';
import { mergeRulesOf } from '../../src/modifiers/merge-keys.ts';
import { applyStrategicMergePatch } from '../../src/modifiers/strategic-merge-patch.ts';

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };

function pod(spec: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind: 'Pod', spec };
}

/** Each is a pod's `spec` before, the patch of it, and after. */
const cases: readonly { title: string; before: JsonObject; patch: JsonObject; after: JsonObject }[] = [
  {
    title: 'merges objects, and removes by null',
    before: { nodeName: 'a', securityContext: { runAsUser: 1, fsGroup: 2 } },
    patch: { nodeName: null, securityContext: { runAsUser: 3 } },
    after: { securityContext: { runAsUser: 3, fsGroup: 2 } },
  },
  {
    title: 'merges containers by name, and what they hold by its own keys',
    before: {
      containers: [
        { name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
        { name: 'sidecar', image: 'sidecar:1' },
      ],
    },
    patch: {
      containers: [
        { name: 'web', image: 'web:2', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80, name: 'http' }] },
        { name: 'new', image: 'new:1' },
      ],
    },
    after: {
      containers: [
        {
          name: 'web',
          image: 'web:2',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 80, name: 'http' }],
        },
        { name: 'sidecar', image: 'sidecar:1' },
        { name: 'new', image: 'new:1' },
      ],
    },
  },
  {
    title: 'removes elements by $patch: delete',
    before: { volumes: [{ name: 'a' }, { name: 'b' }] },
    patch: {
      volumes: [
        { name: 'a', $patch: 'delete' },
        { name: 'gone', $patch: 'delete' },
      ],
    },
    after: { volumes: [{ name: 'b' }] },
  },
  {
    title: 'replaces a list by an element with $patch: replace',
    before: { volumes: [{ name: 'a' }, { name: 'b' }] },
    patch: { volumes: [{ $patch: 'replace' }, { name: 'c', emptyDir: {} }] },
    after: { volumes: [{ name: 'c', emptyDir: {} }] },
  },
  {
    title: 'replaces and empties objects by $patch',
    before: { securityContext: { runAsUser: 1, fsGroup: 2 }, nodeSelector: { a: 'b' } },
    patch: { securityContext: { $patch: 'replace', fsGroup: 3 }, nodeSelector: { $patch: 'delete' } },
    after: { securityContext: { fsGroup: 3 }, nodeSelector: {} },
  },
  {
    title: 'replaces lists without a merge key',
    before: { tolerations: [{ key: 'a' }] },
    patch: { tolerations: [{ key: 'b' }] },
    after: { tolerations: [{ key: 'b' }] },
  },
  {
    title: 'keeps only the keys that $retainKeys names',
    before: { volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Gi' } }] },
    patch: { volumes: [{ name: 'data', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/data' } }] },
    after: { volumes: [{ name: 'data', hostPath: { path: '/data' } }] },
  },
  {
    title: 'orders elements by $setElementOrder, and leaves the others where they were',
    before: { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    patch: {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'new' }],
      containers: [{ name: 'new' }, { name: 'b', image: 'b:2' }],
    },
    after: { containers: [{ name: 'a' }, { name: 'c' }, { name: 'b', image: 'b:2' }, { name: 'new' }] },
  },
  {
    title: 'takes what is new without its nulls and directives',
    before: {},
    patch: { affinity: { nodeAffinity: { a: null, b: 1 } }, containers: [{ name: 'a', env: [{ name: 'X' }] }] },
    after: { affinity: { nodeAffinity: { b: 1 } }, containers: [{ name: 'a', env: [{ name: 'X' }] }] },
  },
];

describe('applyStrategicMergePatch', () => {
  for (const { title, before, patch, after } of cases) {
    it(title, () => {
      const rules = mergeRulesOf({ apiVersion: 'v1', kind: 'Pod' })!;
      assert.deepEqual(applyStrategicMergePatch(pod(before), { spec: patch }, rules), pod(after));

      const template = { ...deployment, spec: { template: { spec: before } } };
      assert.deepEqual(
        applyStrategicMergePatch(template, { spec: { template: { spec: patch } } }, mergeRulesOf(deployment)!),
        { ...deployment, spec: { template: { spec: after } } },
      );
    });
  }

  it('knows finalizers for a set, and deletes from it', () => {
    const object = { metadata: { finalizers: ['a', 'b'] } };
    const rules = mergeRulesOf({ apiVersion: 'v1', kind: 'ConfigMap' })!;
    assert.deepEqual(
      applyStrategicMergePatch(
        object,
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['b', 'c'] } },
        rules,
      ),
      { metadata: { finalizers: ['b', 'c'] } },
    );
  });

  it('replaces the selector of a PodDisruptionBudget', () => {
    const selector = { matchLabels: { app: 'web' } };
    assert.deepEqual(
      applyStrategicMergePatch(
        { spec: { selector } },
        { spec: { selector: { matchExpressions: [] } } },
        mergeRulesOf({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' })!,
      ),
      { spec: { selector: { matchExpressions: [] } } },
    );
  });

  for (const { title, patch, message } of [
    {
      title: 'an element without its merge key',
      patch: { spec: { containers: [{ image: 'web' }] } },
      message: /\/spec\/containers: an element has no name/,
    },
    {
      title: 'an element that is no object',
      patch: { spec: { containers: ['web'] } },
      message: /\/spec\/containers: expected a list of objects/,
    },
    { title: 'an unknown directive', patch: { spec: { $drop: true } }, message: /\/spec: \$drop is no directive/ },
    { title: 'an unknown value of $patch', patch: { spec: { $patch: 'keep' } }, message: /\/spec: \$patch is "keep"/ },
  ]) {
    it(`refuses ${title}, naming the field`, () => {
      const rules = mergeRulesOf({ apiVersion: 'v1', kind: 'Pod' })!;
      assert.throws(() => applyStrategicMergePatch(pod({ containers: [] }), patch, rules), {
        code: 'InvalidItem',
        message,
      });
    });
  }

  it('keeps every digit of a number', () => {
    const patched = applyStrategicMergePatch(
      parseJson('{"spec":{"big":9007199254740993}}') as JsonObject,
      { spec: { small: 1 } },
      {},
    );
    assert.equal(JSON.stringify(patched), '{"spec":{"big":9007199254740993,"small":1}}');
  });
});

describe('mergeRulesOf', () => {
  it('has none for kinds that are defined in the cluster', () => {
    assert.equal(mergeRulesOf({ apiVersion: 'shop.example.org/v1', kind: 'Order' }), undefined);
    assert.ok(mergeRulesOf({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }));
  });
});
