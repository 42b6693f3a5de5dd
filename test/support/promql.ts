import { parser } from '@prometheus-io/lezer-promql';

/** What an expression of PromQL is about. */
export interface ParsedExpression {
  readonly metrics: readonly string[];
  /** Labels that are matched, grouped by or matched on. */
  readonly labels: readonly string[];
}

/** Reads an expression with the grammar of Prometheus' own editor. @throws Error where it is no PromQL */
export function parsePromql(expression: string): ParsedExpression {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  parser.parse(expression).iterate({
    enter({ name, from, to, type }) {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL from character ${from} on: ${expression}`);
      if (name === 'Identifier') metrics.add(text);
      if (name === 'LabelName') labels.add(text);
    },
  });
  return { metrics: [...metrics], labels: [...labels] };
}
