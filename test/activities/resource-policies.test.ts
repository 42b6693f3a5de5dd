import assert from 'node:assert/strict';
import { parseResourcePolicies } from '../../src/activities/resource-policies.ts';
import { object } from '../support/objects.ts';

function parse(yaml: string) {
  return parseResourcePolicies(object('v1 ConfigMap', 'velero/policies', { data: { 'policies.yaml': yaml } }));
}

describe('parseResourcePolicies', () => {
  it('reads every condition and action', () => {
    const { policies, problems } = parse(`
version: v1
volumePolicies:
  - conditions:
      capacity: "10Gi, 100Gi"
      storageClass: [gold, silver]
      nfs: { server: files, path: /exports }
      csi: { driver: ebs.csi.aws.com, volumeAttributes: { kind: fast } }
      volumeTypes: [nfs, emptyDir]
      pvcLabels: { app: web }
      pvcPhase: [Bound]
    action: { type: skip }
  - conditions: { nfs: {}, csi: {}, capacity: ",5Gi", storageClass: null }
    action: { type: snapshot }
  - conditions: {}
    action: { type: custom, parameters: { plugin: x } }
includeExcludePolicy:
  includedNamespaceScopedResources: [pods]
  excludedClusterScopedResources: [nodes]
`);
    assert.deepEqual(problems, []);
    assert.deepEqual(policies, {
      volumePolicies: [
        {
          action: 'skip',
          conditions: {
            capacity: { lower: 10 * 2 ** 30, upper: 100 * 2 ** 30 },
            storageClass: ['gold', 'silver'],
            nfs: { server: 'files', path: '/exports' },
            csi: { driver: 'ebs.csi.aws.com', volumeAttributes: { kind: 'fast' } },
            volumeTypes: ['nfs', 'emptyDir'],
            pvcLabels: { app: 'web' },
            pvcPhase: ['Bound'],
          },
        },
        { action: 'snapshot', conditions: { nfs: {}, csi: {}, capacity: { lower: 0, upper: 5 * 2 ** 30 } } },
        { action: 'custom', conditions: {} },
      ],
      includeExclude: { includedNamespaceScopedResources: ['pods'], excludedClusterScopedResources: ['nodes'] },
    });
  });

  const at = 'resource policy policies: ';
  const wrong: readonly {
    readonly title: string;
    readonly yaml: string;
    readonly problems: readonly (string | RegExp)[];
  }[] = [
    {
      title: 'nothing',
      yaml: '',
      problems: [/^resource policy policies: expected keys and values, got null$/, /version: expected v1, got nothing/],
    },
    { title: 'a list', yaml: '[]', problems: [/expected keys and values, got \[\]/, /version/] },
    { title: 'no YAML', yaml: 'a: [', problems: [/^resource policy policies: .*line/] },
    { title: 'a key twice', yaml: 'version: v1\nversion: v1', problems: [/^resource policy policies: .*unique/] },
    { title: 'another version', yaml: 'version: v2', problems: [`${at}version: expected v1, got "v2"`] },
    {
      title: 'unknown keys, wherever they stand',
      yaml: `
version: v1
namespacedFilterPolicies: []
volumePolicies:
  - conditions: { pvcVolumeMode: [Block], nfs: { host: a }, csi: { drivers: b } }
    action: { type: skip, kind: x }
    when: now
`,
      problems: [
        `${at}namespacedFilterPolicies: unknown key; known are version, volumePolicies, includeExcludePolicy`,
        `${at}volumePolicies[0].when: unknown key; known are conditions, action`,
        `${at}volumePolicies[0].action.kind: unknown key; known are type, parameters`,
        /volumePolicies\[0\]\.conditions\.pvcVolumeMode: unknown key; known are capacity, /,
        `${at}volumePolicies[0].conditions.nfs.host: unknown key; known are server, path`,
        `${at}volumePolicies[0].conditions.csi.drivers: unknown key; known are driver, volumeAttributes`,
      ],
    },
    {
      title: 'values of the wrong kind',
      yaml: `
version: v1
volumePolicies:
  - conditions:
      capacity: 10Gi
      storageClass: gold
      nfs: files
      csi: { driver: [a] }
      volumeTypes: [disk]
      pvcLabels: [a]
      pvcPhase: [1]
    action: { type: drop }
  - conditions: { capacity: "10Gi,1Gi", csi: { volumeAttributes: { a: b } }, pvcLabels: { a: 1 } }
    action: { type: fs-backup }
`,
      problems: [
        `${at}volumePolicies[0].action.type: expected skip, snapshot or custom, got "drop"`,
        /volumeTypes: expected awsElasticBlockStore, .*, got "disk"/,
        `${at}volumePolicies[0].conditions.capacity: expected a range such as 10Gi,100Gi, got "10Gi"`,
        `${at}volumePolicies[0].conditions.storageClass: expected a list, got "gold"`,
        `${at}volumePolicies[0].conditions.nfs: expected keys and values, got "files"`,
        `${at}volumePolicies[0].conditions.csi.driver: expected text, got ["a"]`,
        `${at}volumePolicies[0].conditions.pvcLabels: expected texts by name, got ["a"]`,
        `${at}volumePolicies[0].conditions.pvcPhase[0]: expected text, got 1`,
        `${at}volumePolicies[1].action.type: fs-backup: not supported yet`,
        `${at}volumePolicies[1].conditions.capacity: expected a range such as 10Gi,100Gi, got "10Gi,1Gi"`,
        `${at}volumePolicies[1].conditions.csi.driver: missing; volumeAttributes need one`,
        `${at}volumePolicies[1].conditions.pvcLabels.a: expected text, got 1`,
      ],
    },
    {
      title: 'lists of resources that contradict each other',
      yaml: `
version: v1
includeExcludePolicy:
  includedClusterScopedResources: ["*"]
  includedNamespaceScopedResources: [pods]
  excludedNamespaceScopedResources: [pods]
`,
      problems: [/ClusterScopedResources: "\*" is not allowed/, /NamespaceScopedResources: pods is both/],
    },
  ];
  for (const { title, yaml, problems: expected } of wrong) {
    it(`a.9.11 tells all that is wrong with ${title}`, () => {
      const { policies, problems } = parse(yaml);
      assert.equal(policies, undefined);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const problem of expected) {
        const found = problems.some((one) => (typeof problem === 'string' ? one === problem : problem.test(one)));
        assert.ok(found, `${problem}\n${problems.join('\n')}`);
      }
    });
  }

  it('a.9.11 wants a ConfigMap of one entry', () => {
    for (const data of [undefined, {}, { a: 'version: v1', b: 'version: v1' }]) {
      const { problems } = parseResourcePolicies(object('v1 ConfigMap', 'velero/p', { data }));
      assert.match(problems.join(), /^resource policy p: expected one entry in data, got [02]$/);
    }
  });
});
