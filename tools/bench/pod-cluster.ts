import type { ApiResource } from '../../src/api/api-resource.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { KubernetesClient, ListPage } from '../../src/kubernetes/client.ts';
import { readDiscovery } from '../../src/kubernetes/discovery-document.ts';
import { matchesLabels, parseLabelSelector } from '../../src/selection/label-selector.ts';

/** What the actions on pods ask a cluster for: it answers at once, and holds their configuration alone. */
export function clusterOfPods(namespace: string): KubernetesClient {
  const held = configMaps(namespace);
  const answers: Readonly<Record<string, object>> = {
    '/api': { versions: ['v1'] },
    '/apis': { groups: [] },
    '/api/v1': {
      resources: [
        { name: 'pods', singularName: 'pod', kind: 'Pod', namespaced: true, verbs: ['list'] },
        { name: 'configmaps', singularName: 'configmap', kind: 'ConfigMap', namespaced: true, verbs: ['list'] },
      ],
    },
  };
  const discovery = readDiscovery(async (path) => JSON.stringify(answers[path]));
  const cluster: Pick<KubernetesClient, 'discover' | 'listPages'> = {
    discover: () => discovery,
    async *listPages(
      { groupResource }: ApiResource,
      { labelSelector = '' } = {},
    ): AsyncGenerator<ListPage, void, undefined> {
      const selector = parseLabelSelector(labelSelector);
      const items = held.filter(({ metadata }) => matchesLabels(selector, metadata.labels));
      yield { items: groupResource === 'configmaps' ? items : [] };
    },
  };
  return cluster as KubernetesClient;
}

function configMaps(namespace: string): Unstructured[] {
  return Object.entries({
    'change-image-name': { rule: 'registry.example/,registry.internal/' },
    'pod-volume-restore': { image: 'registry.internal/restore-helper:1' },
    restic: { image: 'registry.internal/restore-helper:1' },
  }).map(([name, data]) => {
    const labels = { 'velero.io/plugin-config': '', [`velero.io/${name}`]: 'RestoreItemAction' };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data };
  });
}
