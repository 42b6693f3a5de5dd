import type { PlanLine } from '../api/planned-change.ts';
import type { ReportRef, StagedRef, Step } from '../api/run.ts';
import type { OpenRun, Planned } from './plan.ts';
import { readReports, type ReportLine } from './report.ts';

/** The last step of a dry run. */
export interface CollectPlanActivities {
  /**
   * Joins what the steps planned into one file in staging, in the order of the restore: gzipped JSON lines (`PlanLine`). Safe to
   * repeat: each attempt writes a file of its own.
   */
  collectPlan(input: Planned & { readonly step: Step; readonly reports: readonly ReportRef[] }): Promise<StagedRef>;
}

/** The activities, which need staging alone. */
export function createCollectPlan(openRun: OpenRun): CollectPlanActivities {
  return {
    async collectPlan(input) {
      const { staging } = await openRun(input);
      const lines: string[] = [];
      for await (const report of readReports(staging, input.reports, ['plan', 'log'])) {
        for (const line of report) {
          const planned = planLine(line);
          if (planned) lines.push(JSON.stringify(planned));
        }
      }
      return staging.writeLines(input.step, lines);
    },
  };
}

function planLine(line: ReportLine): PlanLine | undefined {
  if (line.type === 'plan') return { change: line.change };
  if (line.type !== 'log' || line.level === 'info') return undefined;
  const { level, message, item, error } = line;
  return { complaint: { level, message, ...(item && { item }), ...(error !== undefined && { error }) } };
}
