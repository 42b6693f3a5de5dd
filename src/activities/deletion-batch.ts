import type { BatchRef } from '../api/run.ts';
import type { GroupResource, Unstructured } from '../api/unstructured.ts';
import type { BatchLine } from './batch.ts';
import type { Staging } from './staging.ts';

/** An item on its way to the actions of a deletion. */
export interface DeletionBatchItem {
  readonly groupResource: GroupResource;
  readonly item: Unstructured;
}

/** How the item stands in a batch. */
export function deletionLine(item: DeletionBatchItem): BatchLine {
  return { groupResource: item.groupResource, line: JSON.stringify(item) };
}

/** Reads the items of a batch, after checking its digest. */
export async function readDeletionBatch(staging: Staging, batch: BatchRef): Promise<DeletionBatchItem[]> {
  return (await staging.readLines(batch)) as DeletionBatchItem[];
}
