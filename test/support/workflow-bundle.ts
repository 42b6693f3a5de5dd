import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflows, keepBundle } from '../../tools/workflow-bundle.ts';

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
let file: Promise<string> | undefined;

/** The workflows, bundled once per run of tests. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflows();
  return bundle;
}

/** The same in a file, for workers in processes of their own. */
export function workflowBundleFile(): Promise<string> {
  file ??= workflowBundle().then(keepBundle);
  return file;
}
