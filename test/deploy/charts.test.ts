import assert from 'node:assert/strict';
import { writeFileSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { parseConfig } from '../../src/config.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { openCluster, type Answer, type Cluster } from './cluster.ts';
import { chart, deploy, helm, objectsIn, only, renderChart, renderKustomization } from './manifests.ts';

/** A Deployment, as far as it is looked at. */
interface Deployment extends Unstructured {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly metadata: object; readonly spec: { readonly containers: [Container] } };
  };
}

interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** An overlay of the base with one component: the folder that it is written to. */
function overlayWith(component: string, namespace: string): string {
  const folder = temporaryFolder();
  const from = (path: string): string => relative(folder, join(deploy, 'kustomize', path));
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace,
      resources: [from('base')],
      components: [from(`components/${component}`)],
    }),
  );
  return folder;
}

const everything = [
  ...['--set', 'serviceMonitor.enabled=true', '--set', 'serviceMonitor.labels.release=prometheus'],
  ...['--set', 'serviceAccount.annotations.role=arn', '--set', 'podLabels.team=storage', '--set', 'podAnnotations.a=b'],
  ...['--set', 'env[0].name=A,env[0].value=b', '--set', 'envFrom[0].secretRef.name=credentials'],
  ...['--set', 'volumes[0].name=keys,volumes[0].secret.secretName=keys'],
  ...['--set', 'volumeMounts[0].name=keys,volumeMounts[0].mountPath=/keys'],
  ...['--set', 'imagePullSecrets[0].name=pull', '--set', 'nodeSelector.disk=fast', '--set', 'priorityClassName=system'],
  ...['--set', 'tolerations[0].operator=Exists', '--set', 'config.temporal.namespace=backups'],
  ...['--set', 'topologySpreadConstraints[0].maxSkew=1,topologySpreadConstraints[0].topologyKey=zone'],
  ...['--set', 'topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway'],
  ...['--set', 'topologySpreadConstraints[0].labelSelector.matchLabels.team=storage'],
];

describe('what is deployed', function () {
  this.timeout(60_000);
  const namespace = 'deployed-bowline';
  let cluster: Cluster;
  let overlay: string;
  let needed: readonly Unstructured[] = [];

  before(async () => {
    cluster = await openCluster();
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    const definition = fileURLToPath(new URL('./service-monitor-definition.yaml', import.meta.url));
    needed = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } } as Unstructured,
      ...objectsIn(readFileSync(definition, 'utf8')),
    ];
    for (const object of needed) accepted(await cluster.apply(object));
    overlay = overlayWith('service-monitor', namespace);
  });
  after(async () => {
    for (const object of needed) await cluster.remove(object);
    await cluster.close();
  });

  const kinds = [
    'ClusterRole',
    'ClusterRole',
    'ClusterRoleBinding',
    'ClusterRoleBinding',
    'ConfigMap',
    'Deployment',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
  ];

  const renderings: readonly [title: string, render: () => Promise<Unstructured[]>][] = [
    ['by the chart, with what it has by default', () => renderChart(namespace, '--set', 'serviceMonitor.enabled=true')],
    ['by the chart, with every value set', () => renderChart(namespace, ...everything)],
    ['by kustomize', () => renderKustomization(overlay)],
  ];
  for (const [title, render] of renderings) {
    describe(title, () => {
      let objects: Unstructured[];
      before(async () => void (objects = await render()));

      it('is all there', () => assert.deepEqual(objects.map(({ kind }) => kind).sort(), kinds));

      it('is taken by an API server, without a field that it does not know and without a warning', async () => {
        for (const object of objects) accepted(await cluster.apply(object, { dryRun: true }));
      });

      it('makes pods that a namespace takes which restricts them as far as Kubernetes can', async () => {
        const { template } = (only(objects, 'Deployment') as Deployment).spec;
        const serviceAccount = only(objects, 'ServiceAccount');
        accepted(await cluster.apply(serviceAccount));
        const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'worker', namespace } };
        // No priority class exists but the system's own two.
        const { priorityClassName: _, ...spec } = template.spec as { priorityClassName?: string };
        accepted(await cluster.apply({ ...pod, spec } as Unstructured, { dryRun: true }));
      });

      it('asks for health and metrics where the worker is told to answer', () => {
        const data = only(objects, 'ConfigMap')['data'] as Record<string, string>;
        const { health, metrics } = parseConfig(data['bowline.yaml']!, { file: 'bowline.yaml', env: {} });
        const [container] = (only(objects, 'Deployment') as Deployment).spec.template.spec.containers;
        const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
        assert.deepEqual(ports, { health: health?.listen.port, metrics: metrics?.listen.port });
        assert.deepEqual([health?.listen.host, metrics?.listen.host], ['0.0.0.0', '0.0.0.0']);
        assert.deepEqual(container.livenessProbe.httpGet, { path: '/healthz', port: 'health' });
        assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'health' });
      });
    });
  }

  it('is the same by the chart and by kustomize', async () => {
    const [byChart, byKustomize] = await Promise.all([
      renderChart(namespace, '--set', 'serviceMonitor.enabled=true'),
      renderKustomization(overlay),
    ]);
    assert.deepEqual(comparable(byKustomize), comparable(byChart));
  });
});

describe('the Helm chart', function () {
  this.timeout(60_000);

  it('passes its own linter, with and without every value', async () => {
    await helm('lint', '--strict', '--quiet', chart);
    await helm('lint', '--strict', '--quiet', chart, ...everything);
  });

  it('has the version of the package', () => {
    const read = (path: string): Record<string, unknown> => parse(readFileSync(join(deploy, path), 'utf8'));
    const { version, appVersion } = read('helm/bowline/Chart.yaml');
    const { version: packaged } = read('../package.json');
    assert.deepEqual([version, appVersion], [packaged, packaged]);
    const [image] = read('kustomize/base/kustomization.yaml')['images'] as [{ newTag: string }];
    assert.equal(image.newTag, packaged);
  });

  it('starts workers anew when their configuration changes', async () => {
    const checksum = async (...args: string[]): Promise<unknown> =>
      (only(await renderChart('x', ...args), 'Deployment') as Deployment).spec.template.metadata;
    assert.notDeepEqual(await checksum(), await checksum('--set', 'config.temporal.taskQueue=other'));
  });

  const left: readonly [setting: string, kinds: readonly string[]][] = [
    ['rbac.backup.create=false', ['ClusterRole', 'ClusterRoleBinding']],
    ['rbac.restore.create=false', ['ClusterRole', 'ClusterRoleBinding']],
    ['podDisruptionBudget.enabled=false', ['PodDisruptionBudget']],
    ['metrics.enabled=false', ['Service']],
    ['serviceAccount.create=false,serviceAccount.name=mine', ['ServiceAccount']],
  ];
  for (const [setting, kinds] of left) {
    it(`leaves out ${kinds.join(' and ')} for ${setting}`, async () => {
      const kindsOf = (objects: readonly Unstructured[]): string[] => objects.map(({ kind }) => kind).sort();
      const rest = kindsOf(await renderChart('x'));
      for (const kind of kinds) rest.splice(rest.indexOf(kind), 1);
      assert.deepEqual(kindsOf(await renderChart('x', '--set', setting)), rest);
    });
  }

  it('brings the alerts, where they are asked for', async () => {
    const labels = ['--set', 'prometheusRule.labels.release=prometheus'];
    const objects = await renderChart('x', '--set', 'prometheusRule.enabled=true', ...labels);
    const rule = only(objects, 'PrometheusRule');
    assert.deepEqual(rule['spec'], parse(readFileSync(join(deploy, 'prometheus/alerts.yaml'), 'utf8')));
    assert.equal(rule.metadata.labels?.['release'], 'prometheus');
  });

  it('brings the same as the component of kustomize does', async () => {
    const byChart = only(await renderChart('x', '--set', 'prometheusRule.enabled=true'), 'PrometheusRule');
    const byKustomize = only(await renderKustomization(overlayWith('prometheus-rule', 'x')), 'PrometheusRule');
    assert.deepEqual(comparable([byKustomize]), comparable([byChart]));
  });

  const refused: readonly [setting: string, problem: RegExp][] = [
    ['replicas=many', /replicas/],
    ['replica=3', /replica/],
    ['config.health.listen=1', /config\/health|config\.health/],
    ['terminationGracePeriodSeconds=30', /terminationGracePeriodSeconds/],
    ['rbac.restore.rules[0].verb=get', /verb/],
    ['serviceAccount.create=false', /serviceAccount\.name: needed/],
    ['serviceMonitor.enabled=true,metrics.enabled=false', /serviceMonitor\.enabled: of no use/],
  ];
  for (const [setting, problem] of refused) {
    it(`refuses ${setting}`, async () => {
      await assert.rejects(renderChart('x', '--set', setting), ({ stderr }: { stderr: string }) =>
        problem.test(stderr),
      );
    });
  }
});

function accepted({ status, body, warnings }: Answer): void {
  assert.ok(status === 200 || status === 201, JSON.stringify(body));
  assert.deepEqual(warnings, []);
}

/** Without what tells the two tools apart: Helm's labels, what makes workers start anew, and how YAML was written. */
function comparable(objects: readonly Unstructured[]): object {
  const named = objects.map((object) => {
    const text = JSON.stringify(object, (key, value: unknown) => {
      if (key === 'app.kubernetes.io/version' || key === 'app.kubernetes.io/managed-by' || key === 'helm.sh/chart')
        return undefined;
      if (key === 'bowline.yaml') return parse(value as string) as unknown;
      const { 'checksum/config': checksum, ...annotations } = (value ?? {}) as Record<string, unknown>;
      if (key === 'annotations' && checksum) return Object.keys(annotations).length > 0 ? annotations : undefined;
      return value;
    });
    const plain = text.replace(/"bowline-[a-z0-9]{10}"/g, '"bowline"');
    return [`${object.kind} ${object.metadata.name.replace(/-[a-z0-9]{10}$/, '')}`, JSON.parse(plain)] as const;
  });
  return Object.fromEntries(named);
}
