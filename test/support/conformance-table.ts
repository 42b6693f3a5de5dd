/** How one subject did in the checks of its contract. */
export interface ConformanceCount {
  passed: number;
  failed: number;
  skipped: number;
}

/** By subject, in the order in which they ran: lines that show at a glance what conforms to what. */
export function conformanceTable(counts: ReadonlyMap<string, Readonly<ConformanceCount>>): string[] {
  if (counts.size === 0) return [];
  const rows = [...counts].map(([subject, { passed, failed, skipped }]) => [
    subject,
    ...[passed + failed + skipped, passed, failed, skipped].map(String),
  ]);
  const table = [['conformance', 'checks', 'passed', 'failed', 'skipped'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  );
}
