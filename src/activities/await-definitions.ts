import { activityInfo } from '@temporalio/activity';
import { errorCode } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { activitySignal } from './lease.ts';
import type { OpenRun, Planned } from './plan.ts';
import { Report } from './report.ts';
import { readRestoreBatch } from './restore-batch.ts';

/** How long definitions may take to be served. Velero's `--resource-timeout`. */
const establishedTimeoutMs = 10 * 60_000;

/** The step of a restore between its CustomResourceDefinitions and their objects. */
export interface AwaitDefinitionsActivities {
  /**
   * Ends when every CustomResourceDefinition of the batch is established and its names are accepted; after ten minutes those
   * that are not become errors in the report. Only reads the cluster.
   */
  awaitDefinitions(input: Planned & { readonly step: Step; readonly batch: BatchRef }): Promise<ReportRef>;
}

/** The activities over a worker's dependencies. */
export function createAwaitDefinitions(
  { kubernetes, now }: Dependencies,
  openRun: OpenRun,
): AwaitDefinitionsActivities {
  return {
    async awaitDefinitions(input) {
      const { staging } = await openRun(input);
      const signal = activitySignal();
      const report = new Report(now);
      const groupResource = 'customresourcedefinitions.apiextensions.k8s.io';
      const resource = (await kubernetes.discover({ signal })).find(groupResource);
      const waiting: string[] = [];
      for (const { itemFromBackup } of await readRestoreBatch(staging, input.batch)) {
        const { name } = itemFromBackup.metadata;
        if (resource && !(await isEstablished(name))) waiting.push(name);
      }
      const timedOut = now().getTime() - activityInfo().scheduledTimestampMs >= establishedTimeoutMs;
      if (waiting.length > 0 && !timedOut)
        throw notYet(`${waiting.length} definitions are not established yet: ${waiting.slice(0, 3).join(', ')}`, 500);
      for (const name of waiting)
        report.error('Definition was not established in time', { groupResource, namespace: '', name });
      return report.write(staging, input.step);

      async function isEstablished(name: string): Promise<boolean> {
        try {
          const { status } = (await kubernetes.get(resource!, { name }, { signal })) as {
            status?: { conditions?: { type: string; status: string }[] };
          };
          return ['Established', 'NamesAccepted'].every((type) =>
            status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
          );
        } catch (error) {
          // One that could not be created has been reported by then.
          if (errorCode(error) === 'NotFound') return true;
          throw error;
        }
      }
    },
  };
}
