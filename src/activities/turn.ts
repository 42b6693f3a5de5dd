const hourMs = 3_600_000;

/**
 * Those of a list whose turn it is: all where there are no more than `most`, else so many, other ones each hour. What can't be done, and comes again
 * with every pass, must not keep the rest from ever having its turn.
 */
export function turnOf<T>(all: readonly T[], { most, now }: { readonly most: number; readonly now: Date }): T[] {
  if (all.length <= most) return [...all];
  const first = (Math.floor(now.getTime() / hourMs) * most) % all.length;
  return [...all.slice(first), ...all.slice(0, first)].slice(0, most);
}
