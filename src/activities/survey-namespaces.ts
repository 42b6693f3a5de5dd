import type { BackupSpec } from '../api/backup.ts';
import { errorText } from '../api/errors.ts';
import { excludeFromBackupLabel } from '../api/labels.ts';
import type { Unstructured } from '../api/unstructured.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Discovery } from '../kubernetes/discovery.ts';
import { includesExcludes, isGlob } from '../selection/includes-excludes.ts';
import { isItemError } from './item-errors.ts';
import { activitySignal } from './lease.ts';
import type { Report } from './report.ts';

/** What the cluster's namespaces mean for a spec. */
export interface NamespaceSurvey {
  /** Namespaces that their label excludes, and the spec does not. */
  readonly labelled: readonly string[];
  /** Those that the spec takes, by name; absent if it takes all, or if they could not be listed. */
  readonly wanted?: readonly string[];
}

/**
 * Reads the namespaces once, when a backup begins: which ones their label excludes, and which ones a spec's names and globs mean.
 * Warns of what it names in vain. Where namespaces may not be listed, the backup goes on by name, with a warning.
 */
export async function surveyNamespaces(
  spec: BackupSpec,
  { kubernetes, discovery, report }: { kubernetes: KubernetesClient; discovery: Discovery; report: Report },
): Promise<NamespaceSurvey> {
  const resource = discovery.find('namespaces');
  if (resource === undefined) return { labelled: [] };
  const live: Unstructured[] = [];
  try {
    const signal = activitySignal();
    for await (const { items } of kubernetes.listPages(resource, { signal }))
      live.push(...items.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata })));
  } catch (error) {
    if (!isItemError(error)) throw error;
    report.warning(
      `Namespaces can't be listed: the label ${excludeFromBackupLabel} on them is not seen`,
      undefined,
      errorText(error),
    );
    return { labelled: [] };
  }

  const { includedNamespaces: included = [], excludedNamespaces: excluded } = spec;
  const lists = includesExcludes(included, excluded);
  const names = live.map(({ metadata }) => metadata.name);
  const labelled = live
    .filter(({ metadata: { name, labels } }) => labels?.[excludeFromBackupLabel] === 'true' && !lists.excludes(name))
    .map(({ metadata }) => metadata.name);
  warnOfVain(included, { names, labelled, report });
  const wanted = names.filter((name) => lists.includes(name) && !labelled.includes(name));
  const takesAll = included.length === 0 || included.includes('*');
  return { labelled, ...(!takesAll && { wanted }) };
}

function warnOfVain(
  included: readonly string[],
  { names, labelled, report }: { names: readonly string[]; labelled: readonly string[]; report: Report },
): void {
  for (const name of included.filter((one) => one !== '*')) {
    if (isGlob(name)) {
      if (!names.some(includesExcludes([name], []).includes)) report.warning(`No namespace matches ${name}`);
    } else if (!names.includes(name)) report.warning(`Namespace ${name} is included, but there is none of that name`);
    else if (labelled.includes(name))
      report.warning(`Namespace ${name} is included, but its label ${excludeFromBackupLabel} leaves it out`);
  }
}
