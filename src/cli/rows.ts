/** A label, its value, and what stands indented below it. */
export interface Row {
  readonly label: string;
  readonly value?: string;
  readonly below?: readonly Row[];
  /** Lines below without a label, such as `- shop/web`. */
  readonly lines?: readonly string[];
}

/** A row of a label and its value. */
export function row(label: string, value: string): Row {
  return { label, value };
}

/** Sections with an empty line between them; the values of neighbouring rows stand below each other, as in Velero's tables. */
export function sections(all: readonly (readonly Row[])[]): string {
  return all
    .filter((rows) => rows.length > 0)
    .map((rows) => block(rows, '').join('\n'))
    .join('\n\n')
    .concat('\n');
}

function block(rows: readonly Row[], indent: string): string[] {
  const width = Math.max(...rows.map(({ label, value }) => (value ? label.length : 0))) + 3;
  const deeper = `${indent}  `;
  return rows.flatMap(({ label, value = '', below = [], lines = [] }) => {
    const [first = '', ...others] = value.split('\n');
    return [
      `${indent}${`${label}:`.padEnd(width)}${first}`.trimEnd(),
      ...others.map((line) => `${indent}${' '.repeat(width)}${line}`.trimEnd()),
      ...block(below, deeper),
      ...lines.map((line) => `${deeper}${line}`),
    ];
  });
}
