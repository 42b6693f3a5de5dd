import { activityInfo } from '@temporalio/activity';
import { parseGoDuration } from '../api/duration.ts';
import type { RunSettings } from '../api/run.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * What is wrong with a workflow's argument as a whole: its shape, and an id other than `<kind>/<name>`. The id is the lock
 * that keeps two runs from working on one name, so a run under another id refuses itself. `fields` are the argument's members;
 * default `name` and `spec`.
 */
export function requestProblems({
  request,
  kind,
  idPrefix,
  fields = ['name', 'spec'],
}: {
  request: unknown;
  kind: string;
  idPrefix: string;
  fields?: readonly string[];
}): string[] {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    const shape = fields.includes('spec') ? '{"name": "…", "spec": {…}}' : '{"name": "…"}';
    return [`input: expected ${shape}, got ${request === null ? 'null' : typeof request}`];
  }
  const problems = Object.keys(request)
    .filter((key) => !fields.includes(key))
    .map((key) => `${key}: unknown field; expected ${listed(fields)}`);
  const { name } = request as { name?: unknown };
  const id = activityInfo().workflowExecution?.workflowId;
  const expected = `${idPrefix}${kind}/${String(name)}`;
  if (typeof name === 'string' && id !== expected) problems.push(`workflow id: expected ${expected}, got ${id}`);
  return problems;
}

function listed(fields: readonly string[]): string {
  return [fields.slice(0, -1).join(', '), fields.at(-1)].filter(Boolean).join(' and ');
}

/** What clouds take of each kind of request, more or less: none of them says it in one number. */
const cloudsPerSecond = 5;

/** The settings that a run keeps from its first activity on. Of a timeout, `0s` and nothing stand for the default, as with Velero. */
export function runSettings(
  { config, searchAttributes }: Dependencies,
  { itemOperationTimeout = '' }: { readonly itemOperationTimeout?: string } = {},
): RunSettings {
  const { batches, volumes } = config.concurrency;
  return {
    batch: config.batch,
    concurrency: { batches, volumes },
    snapshotLimits: Object.fromEntries(
      config.volumeSnapshotLocations.map(({ name, provider, limits: { inFlight = volumes, perSecond } = {} }) => {
        const rate = perSecond ?? (provider.endsWith('filesystem') ? undefined : cloudsPerSecond);
        return [name, { inFlight, ...(rate !== undefined && { perSecond: rate }) }];
      }),
    ),
    itemOperationTimeoutMs:
      parseGoDuration(itemOperationTimeout) || parseGoDuration(config.defaultItemOperationTimeout) || 0,
    searchAttributes,
    ...(config.notifications.length > 0 && { notifies: true }),
  };
}
