import { activityInfo } from '@temporalio/activity';
import type { RunSettings } from '../api/run.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * What is wrong with a workflow's argument as a whole: its shape, and an id other than `<kind>/<name>`. The id is the lock
 * that keeps two runs from working on one name, so a run under another id refuses itself.
 */
export function requestProblems({
  request,
  kind,
  idPrefix,
}: {
  request: unknown;
  kind: string;
  idPrefix: string;
}): string[] {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return [`input: expected {"name": "…", "spec": {…}}, got ${request === null ? 'null' : typeof request}`];
  }
  const problems = Object.keys(request)
    .filter((key) => key !== 'name' && key !== 'spec')
    .map((key) => `${key}: unknown field; expected name and spec`);
  const { name } = request as { name?: unknown };
  const id = activityInfo().workflowExecution?.workflowId;
  const expected = `${idPrefix}${kind}/${String(name)}`;
  if (typeof name === 'string' && id !== expected) problems.push(`workflow id: expected ${expected}, got ${id}`);
  return problems;
}

/** The settings that a run keeps from its first activity on. */
export function runSettings({ config, searchAttributes }: Dependencies): RunSettings {
  return {
    batch: config.batch,
    concurrency: { batches: config.concurrency.batches, volumes: config.concurrency.volumes },
    searchAttributes,
  };
}
