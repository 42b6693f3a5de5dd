import type { BackupVolume } from '../api/backup.ts';
import { errorCode, errorText } from '../api/errors.ts';
import type { BatchRef, ReportRef, Step } from '../api/run.ts';
import { itemKey, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import { readBackupBatch } from './backup-batch.ts';
import type { Dependencies } from './dependencies.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import type { BackupPlan, OpenRun, Planned } from './plan.ts';
import { Report } from './report.ts';
import { asksForClaims, matchVolumePolicy } from './volume-policies.ts';
import { zoneOf } from './volume-zone.ts';

/** What is to be done with a batch's PersistentVolumes. */
export interface SelectedVolumes {
  /** Those to snapshot, with what a snapshot and its record need. */
  readonly volumes: readonly BackupVolume[];
  /** How many of them, from the first one on, `orderedResources` names: they are snapshotted one after the other. */
  readonly ordered: number;
  /** Tells of the others, and why. */
  readonly report: ReportRef;
}

/** The step of a backup that decides about volumes. */
export interface SelectVolumesActivities {
  /**
   * Chooses the PersistentVolumes of a batch to snapshot: the first policy that matches decides, then `snapshotVolumes`. Safe to
   * repeat: it only reads, and writes a report of its own attempt.
   */
  selectVolumes(input: Planned & { readonly step: Step; readonly batch: BatchRef }): Promise<SelectedVolumes>;
}

/** The activities over a worker's dependencies. */
export function createSelectVolumes(dependencies: Dependencies, openRun: OpenRun): SelectVolumesActivities {
  const { kubernetes, snapshotter, now } = dependencies;
  return {
    async selectVolumes(input) {
      const { staging, plan } = await openRun<BackupPlan>(input);
      const report = new Report(now);
      const places = new Map((plan.ordered['persistentvolumes'] ?? []).map((item, index) => [itemKey(item), index]));
      const selected: { volume: BackupVolume; place: number }[] = [];
      for (const entry of await readBackupBatch(staging, input.batch)) {
        if (entry.groupResource !== 'persistentvolumes') continue;
        const item = entry.parse();
        const volume = describeVolume(item);
        const reason = await skipReason(plan, item, report);
        if (reason !== undefined) {
          skipVolume(report, volume, reason);
          continue;
        }
        const location = await locationOf(item, plan.backup.spec.volumeSnapshotLocations ?? []);
        const place = places.get(itemKey(entry.identifier)) ?? places.size;
        selected.push({ volume: { ...volume, ...(location !== undefined && { location }) }, place });
      }
      selected.sort((a, b) => a.place - b.place);
      return {
        volumes: selected.map(({ volume }) => volume),
        ordered: selected.filter(({ place }) => place < places.size).length,
        report: await report.write(staging, input.step),
      };
    },
  };

  async function skipReason(plan: BackupPlan, volume: Unstructured, report: Report): Promise<string | undefined> {
    const { volumePolicies = [] } = plan.policies ?? {};
    const claim = asksForClaims(volumePolicies) ? await claimOf(volume, report) : undefined;
    const policy = matchVolumePolicy(volumePolicies, volume, claim);
    const { snapshotVolumes, volumeSnapshotLocations = [] } = plan.backup.spec;
    if (policy && policy.action !== 'snapshot')
      return `volume policy ${policy.number} matches, with action ${policy.action}`;
    if (!policy && snapshotVolumes === false) return 'the backup is to make no snapshots';
    return volumeSnapshotLocations.length === 0 ? 'there is no volume snapshot location' : undefined;
  }

  /** What can't be told here is met once more where the snapshot is taken, and counts there. */
  async function locationOf(volume: Unstructured, locations: readonly string[]): Promise<string | undefined> {
    try {
      for (const location of locations) {
        if ((await snapshotter(location)).getVolumeId(volume) !== '') return location;
      }
    } catch {
      return undefined;
    }
    return undefined;
  }

  /** The claim that a volume is bound to; none if it is not there, or can't be read, which is told. */
  async function claimOf(volume: Unstructured, report: Report): Promise<Unstructured | undefined> {
    const { pvcName: name, pvcNamespace: namespace } = describeVolume(volume);
    const signal = activitySignal();
    const claims = (await kubernetes.discover({ signal })).find('persistentvolumeclaims');
    if (name === undefined || namespace === undefined || claims === undefined) return undefined;
    try {
      return await kubernetes.get(claims, { namespace, name }, { signal });
    } catch (error) {
      if (!isItemError(error)) throw error;
      const identifier: ResourceIdentifier = { groupResource: claims.groupResource, namespace, name };
      if (errorCode(error) !== 'NotFound')
        report.error('Error getting the claim that a volume policy asks for', identifier, errorText(error));
      return undefined;
    }
  }
}

/** Tells that a volume gets no snapshot, in the log and for its volume info. */
export function skipVolume(report: Report, volume: BackupVolume, reason: string): void {
  const name = volume.persistentVolume;
  report.info(`Skipping snapshot of volume: ${reason}`, { groupResource: 'persistentvolumes', namespace: '', name });
  report.add({ type: 'skippedVolume', volume, reason });
}

/** What a snapshot and its record need to know of a PersistentVolume. */
export function describeVolume(volume: Unstructured): BackupVolume {
  const spec = (volume['spec'] ?? {}) as {
    claimRef?: { name?: string; namespace?: string };
    persistentVolumeReclaimPolicy?: string;
  };
  const { name, namespace } = spec.claimRef ?? {};
  return {
    persistentVolume: volume.metadata.name,
    zone: zoneOf(volume),
    ...(name !== undefined && { pvcName: name }),
    ...(namespace !== undefined && { pvcNamespace: namespace }),
    reclaimPolicy: spec.persistentVolumeReclaimPolicy ?? '',
    labels: volume.metadata.labels ?? null,
  };
}
