import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import * as workflows from '../../../src/workflows/index.ts';

type Workflow = (...args: never[]) => Promise<unknown>;

/** What the added step is. */
export interface AddedActivities {
  addedStep(): Promise<void>;
}

const { addedStep } = proxyActivities<AddedActivities>({ startToCloseTimeout: '1 minute' });

/** Every workflow with one more step at its end, however it ends. The step is taken where `isTaken` says so. */
export function allWithAddedStep(isTaken: () => boolean): typeof workflows {
  return Object.fromEntries(
    Object.entries(workflows).map(([type, workflow]) => [type, withAddedStep(workflow, isTaken)]),
  ) as typeof workflows;
}

function withAddedStep(workflow: Workflow, isTaken: () => boolean): Workflow {
  return async (...args) => {
    try {
      return await workflow(...args);
    } finally {
      if (isTaken()) await CancellationScope.nonCancellable(addedStep);
    }
  };
}
