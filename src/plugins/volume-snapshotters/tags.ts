import { ownerTags } from '../../api/labels.ts';

/** Tags of a snapshot or a volume. */
export type Tags = Readonly<Record<string, string>>;

/** Whether `tags` holds all of `wanted`. */
export function bears(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(tags, key) && tags[key] === value);
}

/** What a snapshot may take over from its volume, and a volume from its snapshot: everything but who owns it. */
export function withoutOwner(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !ownerTags.includes(key)));
}

/** `own`, and as many of `copied` beside it as the provider allows on one resource. */
export function merged(own: Tags, copied: Tags, most: number): Tags {
  const others = Object.entries(withoutOwner(copied)).filter(([key]) => !Object.hasOwn(own, key));
  return { ...Object.fromEntries(others.slice(0, Math.max(0, most - Object.keys(own).length))), ...own };
}
