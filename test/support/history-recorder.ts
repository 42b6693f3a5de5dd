import { ActionWorker } from './action-worker.ts';
import type { HistoryScenario } from './history-scenarios/scenario.ts';
import { StubActivities } from './stub-activities.ts';
import { childrenOf, type History, type WorkflowRunner } from './workflow-runner.ts';

/** Runs a scenario to its end. Resolves with its histories by the names that they are kept under. */
export async function recordScenario(
  runner: WorkflowRunner,
  server: { readonly address: string },
  { workflow, scenario, elsewhere, keepsChildren, ...how }: HistoryScenario,
): Promise<Map<string, History>> {
  const actions = new ActionWorker(server);
  const stubs = new StubActivities(how.stubs?.(actions.taskQueue));
  const run = () =>
    runner.run(stubs, async (start) => {
      const started = await start(workflow, {}, how.others);
      await how.meanwhile?.(started, stubs);
      // Its failure is part of the history.
      await started.result().catch(() => undefined);
      return runner.histories(started.workflowId);
    });
  const runs = await (elsewhere ? actions.while(elsewhere, run) : run());
  const recorded = new Map(
    runs.map((history, index) => [`${workflow}-${scenario}${runs.length > 1 ? `-${index + 1}` : ''}`, history]),
  );
  for (const { workflowId, runId } of keepsChildren ? runs.flatMap(childrenOf) : []) {
    const history = await runner.client.workflow.getHandle(workflowId, runId).fetchHistory();
    const type = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name;
    recorded.set(`${type}-${workflowId.split('/').at(-1)}`, history);
  }
  return recorded;
}
