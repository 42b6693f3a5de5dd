import { BowlineError } from '../../api/errors.ts';

/** A week: no provider signs for longer. */
const longestSeconds = 604_800;

/** Checks how long a signed URL is to last. @throws BowlineError `Unsupported` */
export function assertTtl(tried: string, ttlSeconds: number): void {
  if (Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= longestSeconds) return;
  throw new BowlineError('Unsupported', `${tried}: expected 1 to ${longestSeconds} seconds, got ${ttlSeconds}`);
}
