import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { BowlineError } from './api/errors.ts';

/** Which code of workflows a worker loads. */
export interface WorkflowCodeOptions {
  /** A bundle's file. Default: the one that was built into the package; where there is none, the sources. */
  readonly bundle: string | undefined;
  /** Whether spans are made of runs: of a bundle, its twin with the interceptors is taken. */
  readonly traced: boolean;
}

/**
 * What makes a worker load the workflows, and the interceptors that they need.
 *
 * @throws BowlineError `InvalidConfig` if the bundle that is named has no twin with interceptors
 */
export function workflowCode({ bundle, traced }: WorkflowCodeOptions): {
  readonly code: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
  readonly interceptors: { readonly workflowModules?: string[] };
} {
  const plain = bundle ?? fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  const codePath = traced ? tracedTwin(plain) : plain;
  if (bundle !== undefined && traced && !existsSync(codePath))
    throw new BowlineError(
      'InvalidConfig',
      `temporal.workflowBundle: read ${codePath}, which a worker with traces loads: not there; npm run build makes both`,
    );
  if (bundle !== undefined || existsSync(codePath)) return { code: { workflowBundle: { codePath } }, interceptors: {} };
  return {
    code: { workflowsPath: workflowFile('index') },
    interceptors: traced ? { workflowModules: [workflowFile('traced')] } : {},
  };
}

/** The file beside a bundle that holds the same workflows, and interceptors that make spans of their runs. */
export function tracedTwin(bundle: string): string {
  return bundle.replace(/(\.[^./]*)?$/, '-traced$1');
}

/** A module of the workflows, as source or compiled. */
export function workflowFile(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./workflows/${name}.${extension}`, import.meta.url));
}
