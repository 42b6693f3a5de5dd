import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { findBinary } from '../../tools/stack/binaries.ts';

const run = promisify(execFile);

/** Where what is deployed lies. */
export const deploy: string = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** The chart's folder. */
export const chart = `${deploy}helm/bowline`;

/** Runs Helm; resolves with its output. Rejects with `stderr` where it fails. */
export async function helm(...args: string[]): Promise<string> {
  return (await run(await findBinary('helm'), args)).stdout;
}

/** What the chart makes of these arguments, in a release `bowline`. */
export function renderChart(namespace: string, ...args: string[]): Promise<Unstructured[]> {
  return renderRelease('bowline', namespace, ...args);
}

/** What the chart makes of these arguments, in a release of that name. */
export async function renderRelease(release: string, namespace: string, ...args: string[]): Promise<Unstructured[]> {
  const options = ['--namespace', namespace, '--kube-version', '1.36.3'];
  return objectsIn(await helm('template', release, chart, ...options, ...args));
}

/** What kustomize makes of a folder. */
export async function renderKustomization(folder: string): Promise<Unstructured[]> {
  return objectsIn((await run(await findBinary('kustomize'), ['build', folder])).stdout);
}

/** The objects of a stream of YAML. */
export function objectsIn(text: string): Unstructured[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Unstructured | null)
    .filter((object) => object !== null);
}

/** The one object of a kind; several of one kind are told apart by their names' end. */
export function only(objects: readonly Unstructured[], kind: string, ending = ''): Unstructured {
  const [object, ...others] = objects.filter((one) => one.kind === kind && one.metadata.name.endsWith(ending));
  if (object === undefined || others.length > 0)
    throw new Error(`expected one ${kind} ${ending}, got ${objects.map((one) => one.kind).join(', ')}`);
  return object;
}
