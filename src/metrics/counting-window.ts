const hourMs = 3_600_000;
const longestMs = 7 * 24 * hourMs;

/**
 * Since when counters count: the beginning of the window of time that `now` is in, in milliseconds since 1970. Windows follow on one
 * another from 1970 on, each as long as half of Temporal's retention, and a week at the most. So no run is forgotten while it
 * counts, and all workers count the same; a counter falls only to where it begins anew, which Prometheus takes for a restart.
 *
 * @param retentionMs how long Temporal keeps a run that has ended; 0 for ever
 */
export function countingSince(now: Date, retentionMs: number): number {
  const lengthMs = retentionMs > 0 ? Math.min(retentionMs / 2, longestMs) : longestMs;
  return Math.floor(now.getTime() / lengthMs) * lengthMs;
}
