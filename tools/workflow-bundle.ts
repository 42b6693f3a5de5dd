import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const source = (name: string): URL => new URL(`../src/workflows/${name}.ts`, import.meta.url);

/** What a bundle is made of. */
interface BundleParts {
  /** The module that exports the workflows. Default: that of Bowline. */
  readonly workflows?: URL;
  /** Files of further interceptors. Default: none. */
  readonly interceptors?: readonly string[];
}

/** The workflows as the one script that a worker loads. */
export function bundleWorkflows({
  workflows = source('index'),
  interceptors = [],
}: BundleParts = {}): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(workflows),
    payloadConverterPath: fileURLToPath(source('payload-converter')),
    workflowInterceptorModules: [...interceptors],
    logger: new DefaultLogger('WARN'),
  });
}

/** The same with the interceptors that make spans of runs. */
export function bundleTracedWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflows({ interceptors: [fileURLToPath(source('traced'))] });
}

/** Writes the script to a file that is removed with this process, for workers in processes of their own. */
export function keepBundle({ code }: WorkflowBundleWithSourceMap): string {
  const folder = mkdtempSync(join(tmpdir(), 'bowline-workflows-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'workflow-bundle.js');
  writeFileSync(file, code);
  return file;
}
