import assert from 'node:assert/strict';
import { zoneOf } from '../../src/activities/volume-zone.ts';
import { object } from '../support/objects.ts';

type Expression = readonly [key: string, operator: string, ...values: string[]];

/** A PersistentVolume with labels and the terms of its node affinity. */
function volume(labels: Record<string, string>, ...terms: Expression[][]) {
  const nodeSelectorTerms = terms.map((term) => ({
    matchExpressions: term.map(([key, operator, ...values]) => ({ key, operator, values })),
  }));
  return object('v1 PersistentVolume', 'pv-1', {
    metadata: { labels },
    spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
  });
}

const ebs = 'topology.ebs.csi.aws.com/zone';
const gke = 'topology.gke.io/zone';
const stable = 'topology.kubernetes.io/zone';
const beta = 'failure-domain.beta.kubernetes.io/zone';

describe('zoneOf', () => {
  const table: [string, ReturnType<typeof volume>, string][] = [
    ['is empty where neither labels nor affinity tell', volume({}), ''],
    ['is empty for a volume without a spec', object('v1 PersistentVolume', 'pv-1'), ''],
    ['a.6.2 is that of the label', volume({ [stable]: 'a' }), 'a'],
    ['is that of the old label', volume({ [beta]: 'a' }), 'a'],
    ['prefers the label to the old one', volume({ [beta]: 'b', [stable]: 'a' }), 'a'],
    ['prefers the label to the affinity', volume({ [stable]: 'a' }, [[ebs, 'In', 'b']]), 'a'],
    ['a.6.2 is that of the affinity', volume({}, [[ebs, 'In', 'a']]), 'a'],
    ['is that of an affinity to the label of nodes', volume({}, [[stable, 'In', 'a']]), 'a'],
    ["prefers a driver's own key", volume({}, [[stable, 'In', 'b']], [[ebs, 'In', 'a']]), 'a'],
    ['takes the first value of the first term', volume({}, [[ebs, 'In', 'a', 'b']], [[ebs, 'In', 'c']]), 'a'],
    ['joins those of a regional disk of Google Cloud', volume({}, [[gke, 'In', 'a']], [[gke, 'In', 'b']]), 'a__b'],
    ['takes no value that is excluded', volume({}, [[ebs, 'NotIn', 'a']]), ''],
    ['takes no value of another key', volume({}, [['kubernetes.io/hostname', 'In', 'node-1']]), ''],
  ];
  for (const [title, persistentVolume, zone] of table) {
    it(title, () => assert.equal(zoneOf(persistentVolume), zone));
  }
});
