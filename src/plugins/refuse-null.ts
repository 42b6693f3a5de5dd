import { BowlineError } from '../api/errors.ts';

/**
 * Refuses `null` where Velero does: what it reads without a Go type may be absent, but `null` is a value of the wrong type there.
 *
 * @throws BowlineError `InvalidItem` naming the field
 */
export function refuseNull(parent: object, field: string): void {
  if ((parent as Record<string, unknown>)[field] !== null) return;
  throw new BowlineError('InvalidItem', `field ${field}: expected a value, got null`);
}
