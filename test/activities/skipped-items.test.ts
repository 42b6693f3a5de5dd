import assert from 'node:assert/strict';
import { skipReason } from '../../src/activities/skipped-items.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { object } from '../support/objects.ts';

const pod = (fields: Parameters<typeof object>[2]): Unstructured => object('v1 Pod', 'shop/web', fields);
const mirror = { metadata: { annotations: { 'kubernetes.io/config.mirror': 'hash' } } };
const excluded = { metadata: { labels: { 'velero.io/exclude-from-restore': 'true' } } };
const included = { metadata: { labels: { 'velero.io/exclude-from-restore': 'false' } } };

const cases: readonly [title: string, groupResource: string, item: Unstructured, reason: RegExp | undefined][] = [
  ['(b.4.3) a pod that runs', 'pods', pod({ status: { phase: 'Running' } }), undefined],
  ['(b.4.3) a pod that succeeded', 'pods', pod({ status: { phase: 'Succeeded' } }), /the pod has ended \(Succeeded\)/],
  ['(b.4.3) a pod that failed', 'pods', pod({ status: { phase: 'Failed' } }), /the pod has ended \(Failed\)/],
  ['(b.4.3) a pod without a status', 'pods', pod({}), undefined],
  ['(b.4.5) a mirror pod', 'pods', pod(mirror), /mirror pod/],
  ['(b.4.5) a mirror of another kind', 'configmaps', pod(mirror), undefined],
  [
    '(b.4.3) a job that is complete',
    'jobs.batch',
    object('batch/v1 Job', 'shop/a', { status: { completionTime: '2026-01-01T00:00:00Z' } }),
    /the job is complete/,
  ],
  ['(b.4.3) a job that is not', 'jobs.batch', object('batch/v1 Job', 'shop/a', { status: {} }), undefined],
  ['(b.4.3) what is complete, and no job', 'runs.example.com', pod({ status: { completionTime: 'x' } }), undefined],
  ['what is labelled to be left out', 'pods', pod(excluded), /labelled velero\.io\/exclude-from-restore/],
  ['what is labelled not to be', 'pods', pod(included), undefined],
];

describe('skipReason', () => {
  for (const [title, groupResource, item, reason] of cases) {
    it(`${reason ? 'skips' : 'takes'} ${title}`, () => {
      const told = skipReason(groupResource, item);
      if (reason) assert.match(told ?? '', reason);
      else assert.equal(told, undefined);
    });
  }

  for (const [groupResource, status] of [
    ['pods', { phase: 7 }],
    ['pods', 'Running'],
    ['jobs.batch', { completionTime: { seconds: 1 } }],
  ] as const) {
    it(`(b.4.3) refuses ${groupResource} with the status ${JSON.stringify(status)}`, () => {
      assert.throws(() => skipReason(groupResource, pod({ status })), { code: 'InvalidItem' });
    });
  }
});
