import { mustIncludeAnnotation, skipFromBackupAnnotation } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';

/** What a backup's action says of an item in its annotations. */
export interface ItemMarks {
  /** The item is left out. */
  readonly skip: boolean;
  /** The items that the action asks for come whatever the filters say. */
  readonly mustInclude: boolean;
}

/** What an action says that only restores know of. */
export const noMarks: ItemMarks = { skip: false, mustInclude: false };

/** Whether an item has such an annotation already: then any action's run over it counts, whatever the action makes of it. */
export function bearsMarks({ metadata }: Unstructured): boolean {
  const { annotations = {} } = metadata;
  return Object.hasOwn(annotations, skipFromBackupAnnotation) || Object.hasOwn(annotations, mustIncludeAnnotation);
}

/**
 * Reads the annotations by which an action speaks to the backup, and takes the one off that is meant for nobody else. `item` is
 * edited in place. Source: Velero v1.18.1 `pkg/backup/item_backupper.go`.
 */
export function takeMarks({ metadata }: Unstructured): ItemMarks {
  const { annotations } = metadata;
  const skip = annotations !== undefined && Object.hasOwn(annotations, skipFromBackupAnnotation);
  const mustInclude = annotations?.[mustIncludeAnnotation] === 'true';
  if (annotations !== undefined && Object.hasOwn(annotations, mustIncludeAnnotation))
    delete annotations[mustIncludeAnnotation];
  return { skip, mustInclude };
}
