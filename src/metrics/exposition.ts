/** A name with all its series. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The names of the labels that every sample has; `le` of a histogram's buckets is not among them. */
  readonly labels: readonly string[];
  /** What it counts or measures, in one line. */
  readonly help: string;
}

/** One value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** What a histogram adds to the family's name. Default none. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** The media type of `expositionOf`. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Families in Prometheus' text format, version 0.0.4: each with its help and type, those without a sample too. */
export function expositionOf(families: readonly (readonly [Family, readonly Sample[]])[]): string {
  return families.map(([family, samples]) => textOf(family, samples)).join('');
}

/** A histogram's samples: how many of `values` are at most each of `bounds`, how many there are, and their sum. */
export function histogramOf(
  values: readonly number[],
  { bounds, labels }: { readonly bounds: readonly number[]; readonly labels: Sample['labels'] },
): Sample[] {
  const bucket = (le: string, value: number): Sample => ({ suffix: '_bucket', labels: { ...labels, le }, value });
  return [
    ...bounds.map((bound) => bucket(String(bound), values.filter((value) => value <= bound).length)),
    bucket('+Inf', values.length),
    { suffix: '_sum', labels, value: values.reduce((sum, value) => sum + value, 0) },
    { suffix: '_count', labels, value: values.length },
  ];
}

function textOf({ name, type, help }: Family, samples: readonly Sample[]): string {
  const lines = samples.map(({ suffix = '', labels, value }) => `${name}${suffix}${labelsOf(labels)} ${value}`);
  const about = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${about}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function labelsOf(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
