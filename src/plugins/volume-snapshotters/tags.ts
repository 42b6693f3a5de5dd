import { ownerTags } from '../../api/labels.ts';

/** Tags of a snapshot or a volume. */
export type Tags = Readonly<Record<string, string>>;

/** On snapshots of volumes whose throughput is set: MiB a second, to be set on volumes made from them. Velero's records have no place for it. */
export const throughputTag = 'velero.io/volume-throughput';

/** Whether `tags` holds all of `wanted`. */
export function bears(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(tags, key) && tags[key] === value);
}

/**
 * `own`, and what a snapshot may take over from its volume, or a volume from its snapshot, beside it: everything but who owns it.
 * At most `most` of them, ours first: those that tell whose it is are never the ones left out.
 */
export function merged(own: Tags, copied: Tags, most: number): Tags {
  const isCopied = ([key]: [string, string]): boolean =>
    !ownerTags.includes(key) && key !== throughputTag && !Object.hasOwn(own, key);
  const ours = Object.entries(own).sort(([a], [b]) => Number(isVeleros(b)) - Number(isVeleros(a)));
  return Object.fromEntries([...ours, ...Object.entries(copied).filter(isCopied)].slice(0, most));
}

function isVeleros(key: string): boolean {
  return key.startsWith('velero.io/');
}

/** What a snapshot says of its volume's throughput, if anything. */
export function throughputOf(tags: Tags): number | undefined {
  const text = tags[throughputTag] ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
