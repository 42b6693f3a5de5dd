import { CancellationScope } from '@temporalio/workflow';
import type { Artifact } from '../activities/artifact.ts';
import type { Planned } from '../activities/plan.ts';
import type { PutArtifact } from '../activities/put-object.ts';
import type { RunRef } from '../api/run.ts';
import { cleanup, type steps } from './activity-options.ts';
import { applicationFailureOf } from './endings.ts';

/** A run's files beside each other in the store. */
export interface ArtifactsState {
  /** Those that were begun and may be there, in order: what became of a write that was cut off nobody knows. */
  begun: Artifact['type'][];
  written: PutArtifact[];
}

/** Puts one artifact, and remembers it. One that turns out to be somebody else's is not the run's to remove. */
export async function putArtifact(
  state: ArtifactsState,
  input: Planned & { readonly artifact: Artifact },
  activities: typeof steps,
): Promise<PutArtifact> {
  const { type } = input.artifact;
  state.begun.push(type);
  try {
    const written = await activities.putObject.executeWithOptions({ summary: type }, [input]);
    state.written.push(written);
    return written;
  } catch (error) {
    if (applicationFailureOf(error)?.type === 'AlreadyExists') state.begun.splice(state.begun.indexOf(type), 1);
    throw error;
  }
}

/**
 * Puts what tells of a run that could not finish, the log first. If another run's log is there, so is its backup, or soon: nothing
 * is put beside it. Resolves with what could not be put.
 */
export async function putRecord(
  state: ArtifactsState,
  planned: Planned,
  artifacts: readonly Artifact[],
): Promise<string[]> {
  const left: string[] = [];
  for (const artifact of artifacts) {
    try {
      await putArtifact(state, { ...planned, artifact }, cleanup);
    } catch (error) {
      if (artifact.type === 'logs' && applicationFailureOf(error)?.type === 'AlreadyExists') return [];
      left.push(artifact.type);
    }
  }
  return left;
}

/** Removes what may be there, the last one first: the file that says "finished" never outlives what it speaks of. */
export async function deleteArtifacts(state: ArtifactsState, run: RunRef): Promise<void> {
  const types = state.begun.toReversed();
  state.begun = [];
  state.written = [];
  await cleanup.deleteArtifacts.executeWithOptions({ summary: `${types.length} files` }, [{ run, types }]);
}

/** Removes the staging of a run that is done, and stays so whatever becomes of this: what is left goes with the next sweep. */
export async function deleteStaging(run: RunRef): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    cleanup.deleteStaging.executeWithOptions({ summary: 'staging' }, [run]),
  ).catch(() => undefined);
}
