import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflows, keepBundle } from '../../tools/workflow-bundle.ts';

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();
let file: Promise<string> | undefined;

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
