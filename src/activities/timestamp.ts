/** RFC 3339 in UTC with whole seconds, as Kubernetes and Velero write times. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
