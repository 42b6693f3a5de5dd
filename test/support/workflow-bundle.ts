import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflows, keepBundle } from '../../tools/workflow-bundle.ts';

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
let file: Promise<string> | undefined;

/** The workflows, bundled once per run of tests. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflows().then(withoutSourceMap);
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
