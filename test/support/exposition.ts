import assert from 'node:assert/strict';

/** Values by the series as it is written, such as `name{a="b"}`. */
export type Series = ReadonlyMap<string, number>;

/** What a text in Prometheus' format 0.0.4 holds. */
export interface Exposition {
  readonly series: Series;
  /** Types by family. */
  readonly types: ReadonlyMap<string, string>;
}

const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const sample = new RegExp(`^([a-zA-Z_:][\\w:]*(?:\\{(?:${label}(?:,${label})*)\\})?) ([-+\\d.eE]+|NaN|[+-]Inf)$`);

/** Reads the text, and fails for what Prometheus would not take: a line of another form, a double, a sample without its family's type before. */
export function parseExposition(text: string): Exposition {
  assert.ok(text.endsWith('\n'));
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined) {
      assert.ok(!types.has(name), `a second ${line}`);
      types.set((family = name), type!);
    } else if (!/^# HELP \S+ ./.test(line)) {
      const [, key, value] = sample.exec(line) ?? [];
      assert.ok(key !== undefined, `no sample: ${line}`);
      assert.ok(!series.has(key), `a second ${key}`);
      const suffixes = types.get(family) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      assert.ok(
        suffixes.some((suffix) => key.split('{')[0] === `${family}${suffix}`),
        `${key} is not of ${family}`,
      );
      series.set(key, Number(value));
    }
  }
  return { series, types };
}
