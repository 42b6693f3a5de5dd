import type { Tags } from './tags.ts';

/** Tags that one of Azure's resources may bear. */
export const mostTags = 50;

/** Tags as Azure takes them: `/` and the other characters that it refuses in names become `-`. Source: velero-plugin-for-microsoft-azure `volume_snapshotter.go`. */
export function azureTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.replace(/[<>%&\\?/]/g, '-'), value]));
}

/** Tags of Azure's as they were asked for, as far as their names tell: `velero.io-pv` was `velero.io/pv`. */
export function contractTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [key.replace(/^velero\.io-/, 'velero.io/'), value]),
  );
}
