import type { Unstructured } from '../api/unstructured.ts';

/** Pods that share claims, directly or through others, and these claims. */
export interface PodBlock<Pod> {
  readonly pods: readonly Pod[];
  readonly claims: readonly string[];
}

/** The claims that a pod mounts, such as `shop/data`; those of its ephemeral volumes, which bear its name, too. */
export function claimsOf({ metadata, spec }: Unstructured): string[] {
  const { volumes } = (spec ?? {}) as { volumes?: unknown };
  const names = (Array.isArray(volumes) ? volumes : []).map((volume: unknown) => {
    const { name, persistentVolumeClaim, ephemeral } = (volume ?? {}) as Record<string, unknown>;
    const { claimName } = (persistentVolumeClaim ?? {}) as { claimName?: unknown };
    return claimName ?? (ephemeral && `${metadata.name}-${String(name)}`);
  });
  const claims = names.flatMap((name) => (typeof name === 'string' ? `${metadata.namespace ?? ''}/${name}` : []));
  return [...new Set(claims)];
}

/** Groups pods by the claims that they share. The same pods in the same order give the same blocks. Source: Velero 1.15 item blocks. */
export function podBlocks<Pod>(
  pods: Iterable<{ readonly pod: Pod; readonly claims: readonly string[] }>,
): PodBlock<Pod>[] {
  const blocks = new Set<{ pods: Pod[]; claims: Set<string> }>();
  const byClaim = new Map<string, { pods: Pod[]; claims: Set<string> }>();
  for (const { pod, claims } of pods) {
    const sharing = new Set(claims.flatMap((claim) => byClaim.get(claim) ?? []));
    const block = { pods: [...sharing].flatMap((one) => one.pods), claims: new Set(claims) };
    for (const one of sharing) {
      for (const claim of one.claims) block.claims.add(claim);
      blocks.delete(one);
    }
    block.pods.push(pod);
    for (const claim of block.claims) byClaim.set(claim, block);
    blocks.add(block);
  }
  return [...blocks].map((block) => ({ pods: block.pods, claims: [...block.claims] }));
}
