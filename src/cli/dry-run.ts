import type { DryRun, PlanComplaint, PlannedChange } from '../client/index.ts';
import type { Cli } from './cli.ts';
import { exitCodeOf } from './exit-codes.ts';
import { structured, table } from './output.ts';
import { plain } from './terminal.ts';

/** The order in which counts are told. */
const actions: readonly PlannedChange['action'][] = ['create', 'update', 'skip', 'conflict', 'refused'];

/** Shows what a restore would do, and resolves with the exit code: that of the run. */
export async function showDryRun(
  planning: Promise<DryRun>,
  { terminal: { out, err }, acceptWithinMs }: Cli,
  format?: 'json' | 'yaml',
): Promise<number> {
  const note = setTimeout(() => err('waiting for a worker to plan the restore\n'), acceptWithinMs);
  const { changes, complaints, result } = await planning.finally(() => clearTimeout(note));
  if (format) out(structured({ changes, complaints, result }, format));
  else {
    if (changes.length > 0) out(table(['ACTION', 'RESOURCE', 'NAMESPACE', 'NAME', 'WHY'], changes.map(row)));
    for (const complaint of complaints) err(`${complaintText(complaint)}\n`);
    out(`${summary(changes)}\n`);
  }
  return exitCodeOf(result.phase);
}

function row({ action, groupResource, namespace, name, fields, webhook, reason }: PlannedChange): string[] {
  const why = [
    ...(webhook === undefined ? [] : [`by webhook ${webhook}`]),
    ...(fields ? [fields.join(', ')] : []),
    ...(reason === undefined ? [] : [reason]),
  ];
  return [action, groupResource, namespace, name, why.join('; ').replace(/\s+/g, ' ')].map(plain);
}

function complaintText({ level, message, item, error }: PlanComplaint): string {
  const about = item ? `${[item.groupResource, item.namespace, item.name].filter(Boolean).join('/')}: ` : '';
  return plain(`${level}: ${about}${message}${error === undefined ? '' : `: ${error}`}`).replace(/\s+/g, ' ');
}

function summary(changes: readonly PlannedChange[]): string {
  const counts = actions.map((action) => ({
    action,
    count: changes.filter((change) => change.action === action).length,
  }));
  const told = counts.filter(({ count }) => count > 0).map(({ action, count }) => `${action} ${count}`);
  return `Dry run: ${told.join(', ') || 'nothing to do'}. Nothing has been changed.`;
}
