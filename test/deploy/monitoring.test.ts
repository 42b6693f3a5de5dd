import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { families } from '../../src/metrics/families.ts';
import { findBinary } from '../../tools/stack/binaries.ts';
import { parsePromql } from '../support/promql.ts';
import { chart, deploy } from './manifests.ts';

const run = promisify(execFile);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const rulesFile = `${deploy}prometheus/alerts.yaml`;
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(`${deploy}grafana/bowline.json`, 'utf8')) as Dashboard;

/** The labels of each metric as it is scraped, by its name: those that `/metrics` shows, and those that Prometheus adds. */
const shown = new Map<string, readonly string[]>(
  families.flatMap(({ name, type, labels }): [string, string[]][] => {
    const scraped = [...labels, 'instance'];
    if (type !== 'histogram') return [[name, scraped]];
    return [
      [`${name}_bucket`, [...scraped, 'le']],
      [`${name}_sum`, scraped],
      [`${name}_count`, scraped],
    ];
  }),
);

/** What an expression asks for that `/metrics` does not show. */
function missing(expression: string): string[] {
  const { metrics, labels } = parsePromql(expression);
  const known = metrics.flatMap((metric) => shown.get(metric) ?? []);
  return [...metrics.filter((metric) => !shown.has(metric)), ...labels.filter((label) => !known.includes(label))];
}

describe('an expression', () => {
  const cases: readonly [expression: string, missing: readonly string[]][] = [
    ['max by (schedule) (increase(velero_backup_failure_total[1h])) > 0', []],
    ['velero_backup_failures_total > 0', ['velero_backup_failures_total']],
    ['velero_backup_duration_seconds > 0', ['velero_backup_duration_seconds']],
    ['max by (plan) (velero_backup_last_status{schedul!=""})', ['plan', 'schedul']],
  ];
  for (const [expression, expected] of cases) {
    it(`is looked through for what is not shown: ${expression}`, () => assert.deepEqual(missing(expression), expected));
  }

  it('is refused where it is no PromQL', () =>
    assert.throws(() => parsePromql('sum(velero_backup_total'), /no PromQL/));
});

describe('the alerts', () => {
  for (const { alert, expr, labels, annotations } of rules) {
    it(`ask for metrics and labels that /metrics shows: ${alert}`, () => {
      assert.deepEqual(missing(expr), []);
      assert.match(alert, /^Bowline[A-Z]/);
      assert.match(labels.severity, /^(warning|critical)$/);
      const { labels: asked, metrics } = parsePromql(expr);
      const kept = / by \(/.test(expr) ? asked : metrics.flatMap((metric) => shown.get(metric)!);
      for (const [, label] of JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g))
        assert.ok(kept.includes(label!));
    });
  }

  it('are taken by Prometheus itself', async () => {
    await run(await findBinary('promtool'), ['check', 'rules', '--lint-fatal', rulesFile]);
  });

  it('come of the series that they should come of, and of no other', async () => {
    const tests = fileURLToPath(new URL('./alerts-test.yaml', import.meta.url));
    await run(await findBinary('promtool'), ['test', 'rules', tests]);
  });

  it('are named once each, and all in the documents', () => {
    const names = rules.map(({ alert }) => alert);
    assert.equal(new Set(names).size, names.length);
    const document = readFileSync(`${deploy}../docs/metrics.md`, 'utf8');
    const told = [...document.matchAll(/^\| `(Bowline\w+)`/gm)].map(([, name]) => name!);
    assert.deepEqual(told, names);
  });

  it('are in the chart as they are here', () =>
    assert.equal(readFileSync(`${chart}/alerts.yaml`, 'utf8'), readFileSync(rulesFile, 'utf8')));

  it('take every metric that a counter of failures is', () => {
    const asked = new Set(rules.flatMap(({ expr }) => parsePromql(expr).metrics));
    const failures = families.map(({ name }) => name).filter((name) => /^velero_.*_(failed|failure)_total$/.test(name));
    assert.deepEqual(
      failures.filter((name) => !asked.has(name)),
      [],
    );
  });
});

describe('the dashboard', () => {
  for (const { title, targets } of dashboard.panels) {
    it(`asks for metrics and labels that /metrics shows: ${title}`, () => {
      assert.ok(targets.length > 0);
      for (const { expr, legendFormat } of targets) {
        assert.deepEqual(missing(expr), []);
        const { labels } = parsePromql(expr);
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) assert.ok(labels.includes(label!), expr);
      }
    });
  }

  it('takes its schedules from a metric that is shown', () => {
    const definition = dashboard.templating.list.find(({ name }) => name === 'schedule')?.definition ?? '';
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    assert.ok(shown.get(metric!)?.includes(label!));
  });

  it('has panels with ids of their own, none over another', () => {
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x + w <= 24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
    });
    assert.equal(new Set(cells).size, cells.length);
  });
});
