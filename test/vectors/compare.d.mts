/** The differences between what an action gave and what Velero's gave; empty if there are none that matter. */
export function compare(actual: object, expected: object): unknown[];
