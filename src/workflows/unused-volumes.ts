import { cleanup } from './activity-options.ts';
import { isCancelled } from './endings.ts';
import type { RestoreRun } from './restore.ts';

/**
 * Deletes what a restore has made, or may have made, and to which no PersistentVolume came to point. Resolves with what could not
 * be deleted, for people.
 */
export async function deleteUnusedVolumes({ state, planned }: RestoreRun): Promise<string[]> {
  const left: string[] = [];
  for (const [location, since] of Object.entries(state.volumesAskedAt ?? {})) {
    const unused = state.unused.filter((one) => one.location === location).map(({ volumeId }) => volumeId);
    const used = state.volumes.flatMap(({ volumeId }) => (volumeId && !unused.includes(volumeId) ? [volumeId] : []));
    try {
      await cleanup.deleteUnusedVolumes.executeWithOptions({ summary: location }, [
        { ...planned, location, used, unused, since },
      ]);
    } catch (error) {
      if (isCancelled()) throw error;
      left.push(`unused volumes in ${location}`);
    }
  }
  return left;
}

/** Whether there may be such volumes: one was given up, or its PersistentVolume was not created. */
export function mayBeUnused({ state }: RestoreRun): boolean {
  return state.unused.length > 0 || state.volumes.some(({ error }) => error !== undefined);
}
