import type { Tag } from '@aws-sdk/client-ec2';
import { merged, type Tags } from './tags.ts';

/** Tags that one of EC2's resources may bear, and how long they may be. */
const [mostTags, longestKey, longestValue] = [50, 128, 256];

/** Tags as EC2 lists them, by their names. */
export function tagsOf(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value]])));
}

/** `own` and what is copied beside it, as EC2 takes them: those too long for it, and those that are AWS' own, are left out. */
export function awsTags(own: Tags, copied: Tags): Tag[] {
  return Object.entries(merged(fitting(own), fitting(copied), mostTags)).map(([Key, Value]) => ({ Key, Value }));
}

function fitting(tags: Tags): Tags {
  return Object.fromEntries(
    Object.entries(tags).filter(
      ([key, value]) => key.length <= longestKey && value.length <= longestValue && !/^aws:/i.test(key),
    ),
  );
}

/** Tags by which Kubernetes' old provider knows the volumes of a cluster: those of a copy are the new cluster's, not the old one's. */
export function clusterTags(name: string | undefined): Tags {
  return name ? { [`kubernetes.io/cluster/${name}`]: 'owned', KubernetesCluster: name } : {};
}

/** What a volume takes over of its snapshot's tags, in that cluster. Source: velero-plugin-for-aws `volume_snapshotter.go`. */
export function withoutCluster(tags: Tags, name: string | undefined): Tags {
  const isCluster = (key: string): boolean => key.startsWith('kubernetes.io/cluster/') || key === 'KubernetesCluster';
  return name ? Object.fromEntries(Object.entries(tags).filter(([key]) => !isCluster(key))) : tags;
}
