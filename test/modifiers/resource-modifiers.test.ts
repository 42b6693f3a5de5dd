import assert from 'node:assert/strict';
import { compileModifiers, type ModifiedItem } from '../../src/modifiers/apply-modifiers.ts';
import { parseResourceModifiers } from '../../src/modifiers/resource-modifiers.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { object } from '../support/objects.ts';

/** A file of rules with one rule. */
function rule(...lines: string[]): string {
  return ['version: v1', 'resourceModifierRules:', '- conditions:', ...lines.map((line) => `    ${line}`)].join('\n');
}

function modify(text: string, item: Unstructured, groupResource = 'persistentvolumeclaims'): ModifiedItem {
  const { modifiers, problems } = parseResourceModifiers(text);
  assert.deepEqual(problems, []);
  return compileModifiers(modifiers)(groupResource, item);
}

const claim = object('v1 PersistentVolumeClaim', 'shop/data-0', {
  metadata: { labels: { app: 'db' } },
  spec: { storageClassName: 'premium', resources: { requests: { storage: '1Gi' } } },
});

function storageClassOf({ item }: ModifiedItem): unknown {
  return (item['spec'] as { storageClassName?: string }).storageClassName;
}

const replace = ['patches:', '- operation: replace', '  path: /spec/storageClassName', '  value: standard'];

function withConditions(...conditions: string[]): string {
  const [, ...patches] = replace;
  return [
    'version: v1',
    'resourceModifierRules:',
    '- conditions:',
    ...conditions.map((line) => `    ${line}`),
    '  patches:',
    ...patches.map((line) => `  ${line}`),
  ].join('\n');
}

describe('resource modifiers', () => {
  const conditions: readonly { title: string; holds: readonly string[]; fails: readonly string[] }[] = [
    {
      title: 'a group-resource',
      holds: ['groupResource: persistentvolumeclaims'],
      fails: ['groupResource: persistentvolumeclaims.apps'],
    },
    { title: 'a glob of group-resources', holds: ['groupResource: persistent*'], fails: ["groupResource: '*.apps'"] },
    {
      title: "a regular expression of names, in Go's grammar, found anywhere",
      holds: ['groupResource: "*"', 'resourceNameRegex: "(?i)^DATA-\\\\d+\\\\z"'],
      fails: ['groupResource: "*"', 'resourceNameRegex: "^ata"'],
    },
    {
      title: 'namespaces at the backup',
      holds: ['groupResource: "*"', 'namespaces: [bank, sh*]'],
      fails: ['groupResource: "*"', 'namespaces: [bank]'],
    },
    {
      title: 'labels',
      holds: ['groupResource: "*"', 'labelSelector: {matchLabels: {app: db}}'],
      fails: ['groupResource: "*"', 'labelSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}'],
    },
    {
      title: 'values',
      holds: ['groupResource: "*"', 'matches: [{path: /spec/storageClassName, value: premium}]'],
      fails: ['groupResource: "*"', 'matches: [{path: /spec/storageClassName, value: basic}]'],
    },
    {
      title: 'a value that is not there',
      holds: ['groupResource: "*"', 'matches: [{path: /spec/volumeName, value: "null"}]'],
      fails: ['groupResource: "*"', 'matches: [{path: /spec/selector/matchLabels, value: x}]'],
    },
  ];
  for (const { title, holds, fails } of conditions) {
    it(`(b.4.10) concern items by ${title}`, () => {
      assert.equal(storageClassOf(modify(withConditions(...holds), claim)), 'standard');
      assert.equal(storageClassOf(modify(withConditions(...fails), claim)), 'premium');
    });
  }

  it('(b.4.10) concern cluster-scoped items whatever namespaces they name', () => {
    const volume = object('v1 PersistentVolume', 'pv-1', { spec: { storageClassName: 'premium' } });
    const text = withConditions('groupResource: persistentvolumes', 'namespaces: [shop]');
    assert.equal(storageClassOf(modify(text, volume, 'persistentvolumes')), 'standard');
  });

  it('(b.4.10) look at the item as it was before any of them', () => {
    const twice = `${withConditions('groupResource: "*"')}
- conditions:
    groupResource: "*"
    matches: [{path: /spec/storageClassName, value: premium}]
  mergePatches:
  - patchData: |
      {"metadata": {"annotations": {"was": "premium"}}}`;
    const modified = modify(twice, claim);
    assert.deepEqual([storageClassOf(modified), modified.item.metadata.annotations], ['standard', { was: 'premium' }]);
    assert.deepEqual([modified.applied, modified.problems], [2, []]);
  });

  it('(b.4.10) leave the item they are given alone', () => {
    const before = JSON.stringify(claim);
    modify(withConditions('groupResource: "*"'), claim);
    assert.equal(JSON.stringify(claim), before);
  });

  it('(b.4.10) apply merge patches one after the other', () => {
    const modified = modify(
      `version: v1
resourceModifierRules:
- conditions: {groupResource: persistentvolumeclaims}
  mergePatches:
  - patchData: |
      spec:
        storageClassName: null
        generation: 9007199254740993
  - patchData: '{"metadata":{"labels":{"tier":"back"}}}'`,
      claim,
    );
    assert.equal(
      JSON.stringify(modified.item['spec']),
      '{"resources":{"requests":{"storage":"1Gi"}},"generation":9007199254740993}',
    );
    assert.deepEqual(modified.item.metadata.labels, { app: 'db', tier: 'back' });
  });

  it('(b.4.10) apply strategic merge patches to kinds of Kubernetes itself', () => {
    const deployment = object('apps/v1 Deployment', 'shop/web', {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'a' }, { name: 'log' }] } } },
    });
    const text = `version: v1
resourceModifierRules:
- conditions: {groupResource: deployments.apps}
  strategicPatches:
  - patchData: |
      spec: {template: {spec: {containers: [{name: web, image: b}]}}}`;
    assert.deepEqual(modify(text, deployment, 'deployments.apps').item['spec'], {
      template: { spec: { containers: [{ name: 'web', image: 'b' }, { name: 'log' }] } },
    });

    const widget = object('example.com/v1 Widget', 'shop/w', { spec: {} });
    const { item, problems } = modify(text.replace('deployments.apps', '"*.**"'), widget, 'widgets.example.com');
    assert.deepEqual([item, problems.length], [widget, 1]);
    assert.match(problems[0]!, /^resourceModifierRules\[0\]: example\.com\/v1 Widget is no kind of Kubernetes itself/);
  });

  it('(b.4.10) do nothing where a test operation does not hold, and say so where a path is missing', () => {
    const patched = (operations: string) =>
      modify(
        `version: v1\nresourceModifierRules: [{conditions: {groupResource: "*"}, patches: [${operations}]}]`,
        claim,
      );
    const untested = patched(
      '{operation: test, path: /spec/storageClassName, value: basic}, {operation: remove, path: /spec}',
    );
    assert.deepEqual(untested, { item: claim, applied: 0, problems: [] });
    const missing = patched('{operation: remove, path: /spec/none}');
    assert.deepEqual(missing, {
      item: claim,
      applied: 0,
      problems: ['resourceModifierRules[0]: remove /spec/none: there is no such path'],
    });
    const empty = patched('{operation: remove, path: /metadata}');
    assert.deepEqual(empty.problems, ['resourceModifierRules[0]: it would leave no Kubernetes object with a name']);
  });

  const values: readonly [text: string, expected: unknown][] = [
    ['plain', 'plain'],
    ['', ''],
    ['5', 5],
    ['-1.5e3', -1500],
    ['007', '007'],
    ['True', true],
    ['null', null],
    ['{"a": [1]}', { a: [1] }],
    ['[]', []],
    ['"5"', '5'],
    ['"true"', 'true'],
    ['two\\nlines', 'two\nlines'],
    ['say "so"', 'say "so"'],
  ];
  for (const [text, expected] of values) {
    it(`(b.4.10) take ${JSON.stringify(text)} for ${JSON.stringify(expected)}`, () => {
      const value = JSON.stringify(text);
      const patches = `patches: [{operation: add, path: /spec/x, value: ${value}}]`;
      const source = `version: v1\nresourceModifierRules: [{conditions: {groupResource: "*"}, ${patches}}]`;
      const { item } = modify(source, claim);
      assert.deepEqual((item['spec'] as { x: unknown }).x, expected);
    });
  }

  const wrong: readonly { title: string; text: string; problems: readonly RegExp[] }[] = [
    { title: 'no YAML', text: 'a: [', problems: [/^no YAML: /] },
    { title: 'a list', text: '[]', problems: [/^resource modifiers: expected an object, got a list$/] },
    {
      title: 'an unknown version, no rules and other fields',
      text: 'version: v2\nrules: []',
      problems: [
        /^rules: unknown field; known are version, resourceModifierRules$/,
        /^version: expected v1, got string "v2"$/,
        /^resourceModifierRules: expected a list of rules, got nothing$/,
      ],
    },
    {
      title: 'rules that lack what they need',
      text: 'version: v1\nresourceModifierRules: [text, {}, {conditions: {}, patches: []}]',
      problems: [
        /^resourceModifierRules\[0\]: expected an object, got string "text"$/,
        /^resourceModifierRules\[1\]\.conditions: expected an object, got nothing$/,
        /^resourceModifierRules\[1\]\.conditions\.groupResource: missing; /,
        /^resourceModifierRules\[1\]: expected patches, mergePatches or strategicPatches$/,
        /^resourceModifierRules\[2\]\.conditions\.groupResource: missing; /,
        /^resourceModifierRules\[2\]: expected patches, mergePatches or strategicPatches$/,
      ],
    },
    {
      title: 'conditions that do not parse',
      text: rule(
        'groupResource: "{pods"',
        'resourceNameRegex: "(a"',
        'namespaces: [a, 1]',
        'labelSelector: {matchLabels: {a: 1}}',
        'matches: [{path: spec, value: 5}, {path: /a, value: "{"}]',
        'kind: Pod',
      ),
      problems: [
        /conditions\.kind: unknown field; known are groupResource, /,
        /conditions\.groupResource: "\{pods" is no pattern: a brace is not closed$/,
        /conditions\.resourceNameRegex: "\(a" is no pattern: /,
        /conditions\.namespaces\[1\]: expected text, got number 1$/,
        /conditions\.labelSelector\.matchLabels\.a: expected text, got number 1$/,
        /conditions\.matches\[0\]\.path: expected a path such as \/spec\/replicas, got string "spec"$/,
        /conditions\.matches\[0\]\.value: expected text, got number 5; put it in quotes$/,
        /conditions\.matches\[1\]\.value: it begins like a JSON object or list, and is none$/,
        /: expected patches, mergePatches or strategicPatches$/,
      ],
    },
    {
      title: 'patches that do not parse',
      text: `version: v1
resourceModifierRules:
- conditions: {groupResource: pods}
  patches:
  - {operation: swap, path: /a}
  - {operation: move, path: /a}
  - {operation: add, path: '', value: 5, op: x}
- conditions: {groupResource: pods}
  mergePatches: [{patchData: 'a: ['}, {patchData: '[]'}, {patchData: {}}, {data: x}]
- conditions: {groupResource: pods}
  strategicPatches: text`,
      problems: [
        /\[0\]\.patches\[0\]\.operation: expected one of add, remove, replace, move, copy, test, got string "swap"$/,
        /\[0\]\.patches\[1\]\.from: expected a path such as/,
        /\[0\]\.patches\[2\]\.op: unknown field; known are operation, from, path, value$/,
        /\[0\]\.patches\[2\]\.path: expected a path such as/,
        /\[0\]\.patches\[2\]\.value: expected text, got number 5; put it in quotes$/,
        /\[1\]\.mergePatches\[0\]\.patchData: no YAML: /,
        /\[1\]\.mergePatches\[1\]\.patchData: expected an object, got a list$/,
        /\[1\]\.mergePatches\[2\]\.patchData: expected text, got an object$/,
        /\[1\]\.mergePatches\[3\]\.data: unknown field; known are patchData$/,
        /\[1\]\.mergePatches\[3\]\.patchData: expected text, got nothing$/,
        /\[2\]\.strategicPatches: expected a list, got string "text"$/,
      ],
    },
  ];
  for (const { title, text, problems } of wrong) {
    it(`(b.1) are refused for ${title}, with rule and field of all problems at once`, () => {
      const told = parseResourceModifiers(text).problems;
      assert.equal(told.length, problems.length, told.join('\n'));
      for (const [index, problem] of problems.entries()) assert.match(told[index]!, problem);
    });
  }

  it('(b.4.10) apply the patches of one kind alone, and remark on the others', () => {
    const both = `version: V1
resourceModifierRules:
- conditions: {groupResource: "*"}
  mergePatches: [{patchData: '{"spec":{"storageClassName":"merged"}}'}]
  patches: [{operation: ADD, path: /spec/storageClassName, value: patched}]`;
    const { remarks } = parseResourceModifiers(both);
    assert.deepEqual(remarks, ['resourceModifierRules[0].mergePatches: not applied, since the rule has patches']);
    assert.equal(storageClassOf(modify(both, claim)), 'patched');
  });
});
