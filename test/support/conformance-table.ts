/** How a check went. */
export type Outcome = 'passed' | 'failed' | 'deviates';

const signs: Readonly<Record<Outcome, string>> = { passed: '.', failed: 'F', deviates: '-' };

/**
 * By subject, in the order in which they ran: lines that show at a glance what conforms to what. Each check of a contract has a sign
 * in the last column, at the same place for every subject.
 */
export function conformanceTable(outcomes: ReadonlyMap<string, readonly Outcome[]>): string[] {
  if (outcomes.size === 0) return [];
  const rows = [...outcomes].map(([subject, all]) => {
    const count = (wanted: Outcome): number => all.filter((outcome) => outcome === wanted).length;
    const counts = [all.length, count('passed'), count('failed'), count('deviates')].map(String);
    return [subject, ...counts, all.map((outcome) => signs[outcome]).join('')];
  });
  const table = [['conformance', 'checks', 'passed', 'failed', 'deviates', 'each check'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const isText = (column: number): boolean => column === 0 || column === widths.length - 1;
  return table.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
