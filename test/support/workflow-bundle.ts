import { writeFileSync } from 'node:fs';
import type { InjectedSinks, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import { tracedTwin } from '../../src/workflow-code.ts';
import { bundleTracedWorkflows, bundleWorkflows, keepBundle } from '../../tools/workflow-bundle.ts';

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();
let file: Promise<string> | undefined;
let traced: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The workflows that a module exports, bundled once per run of tests. Default: the workflows as they are. */
export function workflowBundle(workflows?: URL): Promise<WorkflowBundleWithSourceMap> {
  const key = workflows?.href ?? '';
  const bundle = bundles.get(key) ?? bundleWorkflows({ ...(workflows && { workflows }) }).then(withoutSourceMap);
  bundles.set(key, bundle);
  return bundle;
}

/** Each worker of each test would read its source map anew, a fifth of the time that the test takes. Names are the sources' own all the same. */
function withoutSourceMap(bundled: WorkflowBundleWithSourceMap): WorkflowBundleWithSourceMap {
  const [script = ''] = bundled.code.split('//# sourceMappingURL=data:');
  const none = { version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' };
  const encoded = Buffer.from(JSON.stringify(none)).toString('base64');
  return { ...bundled, code: `${script}//# sourceMappingURL=data:application/json;base64,${encoded}` };
}

/** The same in a file, for workers in processes of their own. */
export function workflowBundleFile(): Promise<string> {
  file ??= workflowBundle().then(keepBundle);
  return file;
}

/** The workflows with the interceptors that make spans of their runs, bundled once per run of tests. */
export function tracedWorkflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  traced ??= bundleTracedWorkflows().then(withoutSourceMap);
  return traced;
}

/** Takes the spans of replayed workflows, and drops them. */
export const droppedSpans: InjectedSinks<Sinks> = { exporter: { export: { fn: () => undefined } } };

/** The file of `workflowBundleFile`, now with its twin beside it, for workers with traces. */
export async function workflowBundleFileWithTwin(): Promise<string> {
  const plain = await workflowBundleFile();
  writeFileSync(tracedTwin(plain), (await tracedWorkflowBundle()).code);
  return plain;
}
