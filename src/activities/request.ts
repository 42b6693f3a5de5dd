import { activityInfo } from '@temporalio/activity';
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

/** The settings that a run keeps from its first activity on. */
export function runSettings({ config, searchAttributes }: Dependencies): RunSettings {
  return {
    batch: config.batch,
    concurrency: { batches: config.concurrency.batches, volumes: config.concurrency.volumes },
    searchAttributes,
  };
}
