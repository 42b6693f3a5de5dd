/** Longer names are shortened: SQL stores of Temporal hold 255 bytes of a workflow id. */
const longestName = 150;

/** The id of a child that works on one volume: `snapshot-volume/<run's uid>/<PersistentVolume>`. */
export function volumeWorkflowId(type: string, uid: string, persistentVolume: string): string {
  return `${type}/${uid}/${shortened(persistentVolume)}`;
}

function shortened(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, longestName - 9)}-${fingerprint(name)}`;
}

/** FNV-1a, 32 bits: names need to differ, not to be safe from an attacker, and workflows have no crypto. */
function fingerprint(name: string): string {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
