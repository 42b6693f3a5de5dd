import type { DerivedFamily } from './derived-family.ts';
import { recordFamilies } from './record-families.ts';
import { runFamilies } from './run-families.ts';
import { workerFamilies } from './worker-families.ts';

/** All that `/metrics` shows, in its order. `docs/metrics.md` is made from it. */
export const families: readonly DerivedFamily[] = [...recordFamilies, ...runFamilies, ...workerFamilies].sort((a, b) =>
  a.name < b.name ? -1 : 1,
);
