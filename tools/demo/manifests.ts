import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { parseJson } from '../../src/api/json.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';

/** Reads manifests; `values` replace words of the text. Integers keep all their digits. */
export function readManifests(file: URL, values: Readonly<Record<string, string>> = {}): Unstructured[] {
  let text = readFileSync(file, 'utf8');
  for (const [word, value] of Object.entries(values)) text = text.replaceAll(word, value);
  return parseAllDocuments(text, { intAsBigInt: true }).map((document) => {
    const withDigits = JSON.stringify(document.toJS(), (_key, value: unknown) =>
      typeof value === 'bigint'
        ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value))
        : value,
    );
    return parseJson(withDigits) as unknown as Unstructured;
  });
}

/** Creates objects in their order; waits until a definition is served before its custom resources come. */
export async function applyManifests(kubernetes: KubernetesClient, manifests: readonly Unstructured[]): Promise<void> {
  for (const manifest of manifests) {
    const resource = await served(kubernetes, manifest);
    await kubernetes.create(resource, manifest);
  }
}

async function served(kubernetes: KubernetesClient, { apiVersion, kind }: Unstructured) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const resource = (await kubernetes.discover({ refresh: attempt > 0 })).findKind(apiVersion, kind);
    if (resource) return resource;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the cluster does not serve ${apiVersion} ${kind}`);
}
