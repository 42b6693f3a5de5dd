import { activityInfo } from '@temporalio/activity';
import pLimit from 'p-limit';
import { errorText } from '../api/errors.ts';
import { targetNamespace } from '../api/restore.ts';
import type { ReportRef, Step } from '../api/run.ts';
import { itemKey, type ResourceIdentifier, type Unstructured } from '../api/unstructured.ts';
import type { KeptVolume } from './backup-to-restore.ts';
import type { Dependencies } from './dependencies.ts';
import { notYet } from './failures.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { OpenRun, Planned, RestorePlan } from './plan.ts';
import { Report, reportLines } from './report.ts';
import { findObject } from './volume-in-use.ts';
import type { PersistentVolumeSpec } from './volume-source.ts';

/** How long a claim may take to be bound. Source: Velero v1.18.1 `pkg/controller/restore_finalizer_controller.go`. */
const boundTimeoutMs = 10 * 60_000;

const pollAfterMs = 10_000;
const atOnce = 3;

/** The step of a restore after all items. */
export interface FinishVolumesActivities {
  /**
   * Gives the PersistentVolumes that were provisioned anew for restored claims the labels and the reclaim policy that those at the backup
   * had; ends when all of them are there. Until then each attempt fails as retryable; after ten minutes those that are not become errors
   * in the report. A claim whose volume waits for its first pod is passed over. Safe to repeat: a patch is sent where something differs.
   * Source: Velero v1.18.1 `pkg/controller/restore_finalizer_controller.go`.
   *
   * Differs from Velero: labels that the provisioner gave stay, since they say where the new volume is.
   */
  finishVolumes(
    input: Planned & { readonly step: Step; readonly claimReports: readonly ReportRef[] },
  ): Promise<ReportRef>;
}

/** The volumes of a backup whose PersistentVolumes are provisioned anew, and that it knows something of. */
export function volumesToFinish({ volumes }: Pick<RestorePlan, 'volumes'>): KeptVolume[] {
  return volumes.filter(
    ({ backupMethod, pvInfo }) => pvInfo && (backupMethod === 'PodVolumeBackup' || backupMethod === 'CSISnapshot'),
  );
}

/** The activities over a worker's dependencies. */
export function createFinishVolumes({ kubernetes, now }: Dependencies, openRun: OpenRun): FinishVolumesActivities {
  return {
    async finishVolumes(input) {
      const { staging, plan } = await openRun<RestorePlan>(input);
      const signal = activitySignal();
      const report = new Report(now);
      const created = new Set<string>();
      for await (const { groupResource, namespace, names, action } of reportLines(
        staging,
        input.claimReports,
        'items',
      )) {
        for (const name of names) if (action === 'created') created.add(itemKey({ groupResource, namespace, name }));
      }
      const waiting: ResourceIdentifier[] = [];
      const limit = pLimit(atOnce);
      await limit.map(volumesToFinish(plan), async (info) => {
        const claim = {
          groupResource: 'persistentvolumeclaims',
          namespace: targetNamespace(plan.restore.spec, info.pvcNamespace ?? ''),
          name: info.pvcName ?? '',
        };
        if (!created.has(itemKey(claim))) return;
        try {
          if (!(await finish(claim, info))) waiting.push(claim);
        } catch (error) {
          if (!isItemError(error)) throw error;
          report.error('Error finishing the volume of a claim', claim, errorText(error));
        }
      });
      const timedOut = now().getTime() - activityInfo().scheduledTimestampMs >= boundTimeoutMs;
      if (waiting.length > 0 && !timedOut)
        throw notYet(`${waiting.length} claims are not bound yet: ${waiting[0]?.name}`, pollAfterMs);
      for (const claim of waiting) report.error('Claim was not bound in time to finish its volume', claim);
      return report.write(staging, input.step);

      /** Whether there is nothing left to do for the claim. */
      async function finish(claim: ResourceIdentifier, { pvInfo }: KeptVolume): Promise<boolean> {
        const bound = await findObject(kubernetes, claim.groupResource, { ref: claim, signal });
        const { volumeName, storageClassName } = (bound?.['spec'] ?? {}) as Readonly<
          Record<string, string | undefined>
        >;
        if (bound && phaseOf(bound) === 'Pending' && (await waitsForPod(storageClassName))) {
          report.info('Its volume waits for its first pod, and is left as it will be provisioned', claim);
          return true;
        }
        if (!bound || phaseOf(bound) !== 'Bound' || !volumeName) return false;
        const volume = await findObject(kubernetes, 'persistentvolumes', { ref: { name: volumeName }, signal });
        const { claimRef, persistentVolumeReclaimPolicy } = (volume?.['spec'] ?? {}) as PersistentVolumeSpec;
        if (!volume || !claimRef || phaseOf(volume) !== 'Bound') return false;
        if (claimRef.name !== claim.name || claimRef.namespace !== claim.namespace) {
          report.error(`Its volume ${volumeName} is bound to ${claimRef.namespace}/${claimRef.name}`, claim);
          return true;
        }
        const { reclaimPolicy = persistentVolumeReclaimPolicy } = pvInfo ?? {};
        const labels = Object.entries(pvInfo?.labels ?? {}).filter(
          ([key, value]) => volume.metadata.labels?.[key] !== value,
        );
        if (labels.length === 0 && reclaimPolicy === persistentVolumeReclaimPolicy) return true;
        const resource = (await kubernetes.discover({ signal })).find('persistentvolumes');
        const patch = {
          metadata: { labels: Object.fromEntries(labels) },
          spec: { persistentVolumeReclaimPolicy: reclaimPolicy },
        };
        assertLease();
        await kubernetes.mergePatch(resource!, { name: volumeName }, patch, { signal });
        report.info(`Its volume ${volumeName} got the labels and the reclaim policy of the backup`, claim);
        return true;
      }

      async function waitsForPod(name: string | undefined): Promise<boolean> {
        if (!name) return false;
        const storageClass = await findObject(kubernetes, 'storageclasses.storage.k8s.io', { ref: { name }, signal });
        return storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer';
      }
    },
  };
}

function phaseOf({ status }: Unstructured): string | undefined {
  return (status as { readonly phase?: string } | undefined)?.phase;
}
