import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseRetention, retentionRules } from '../api/retention.ts';
import type { LabelSelector, Retention } from '../client/index.ts';
import { parseLabelSelector } from '../selection/label-selector.ts';

/** Flags of Velero's that are true when they stand alone, and take a value only after `=`. */
const booleanFlags: readonly string[] = [
  '--include-cluster-resources',
  '--snapshot-volumes',
  '--restore-volumes',
  '--preserve-nodeports',
  '--allow-partially-failed',
];

/** Writes lone boolean flags out, so that they do not take the next argument for their value. */
export function expandBooleans(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => (booleanFlags.includes(arg) && (end < 0 || index < end) ? `${arg}=true` : arg));
}

/** `a,b`; given again, it adds. */
export function list(value: string, previous: readonly string[] = []): string[] {
  return [...previous, ...value.split(',').filter(Boolean)];
}

/** `true` or `false`. */
export function boolean(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new InvalidArgumentError('Expected true or false.');
}

/** `a=b,c=d`, or with another sign between the two; given again, it adds. */
export function pairs(sign: '=' | ':'): (value: string, previous?: Record<string, string>) => Record<string, string> {
  return (value, previous = {}) => {
    const added = value.split(',').map((pair) => {
      const at = pair.indexOf(sign);
      if (at < 1) throw new InvalidArgumentError(`Expected pairs such as a${sign}b,c${sign}d.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
    return { ...previous, ...(Object.fromEntries(added) as Record<string, string>) };
  };
}

/** `pods=ns/a,ns/b;persistentvolumes=pv`. */
function ordered(value: string): Record<string, string> {
  const lists = value.split(';').map((one) => /^\s*([^=\s]+)\s*=\s*(.+?)\s*$/.exec(one));
  if (lists.includes(null))
    throw new InvalidArgumentError('Expected lists such as pods=ns/a,ns/b;persistentvolumes=pv.');
  return Object.fromEntries(lists.map((match) => [match![1], match![2]])) as Record<string, string>;
}

/** `last=3,daily=7`. */
export function keep(value: string): Retention {
  const rules = parseRetention(value.replaceAll('=', '-').replaceAll(',', '.'));
  if (rules) return rules;
  throw new InvalidArgumentError(`Expected rules such as last=3,daily=7, of ${retentionRules.join(', ')}.`);
}

/** A time in RFC 3339. */
export function time(value: string): Date {
  const date = new Date(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Expected a time such as 2026-01-02T03:04:05Z.');
}

/** Kubernetes' grammar: `app=web,tier in (a,b)`. */
function selector(value: string): LabelSelector {
  try {
    return parseLabelSelector(value);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** Selectors with ` or ` between them. */
function orSelectors(value: string): LabelSelector[] {
  return value.split(/\s+or\s+/).map(selector);
}

/** What both kinds of spec take: which items. */
export interface SelectionFlags {
  readonly includeNamespaces?: readonly string[];
  readonly excludeNamespaces?: readonly string[];
  readonly includeResources?: readonly string[];
  readonly excludeResources?: readonly string[];
  readonly includeClusterResources?: boolean;
  readonly selector?: LabelSelector;
  readonly orSelector?: readonly LabelSelector[];
}

/** Declares the flags that say which items, with Velero's names. */
export function addSelectionFlags(command: Command): Command {
  return command
    .option('--include-namespaces <names>', 'namespaces, with globs; default all', list)
    .option('--exclude-namespaces <names>', 'namespaces to leave out', list)
    .option('--include-resources <resources>', 'such as pods,deployments.apps; default all', list)
    .option('--exclude-resources <resources>', 'resources to leave out', list)
    .option('--include-cluster-resources [boolean]', 'cluster-scoped resources; default: with all namespaces', boolean)
    .option('-l, --selector <selector>', 'only items with these labels', selector)
    .option('--or-selector <selectors>', 'items with any of these: "a=b or c=d"', orSelectors);
}

/** What a backup's spec takes beside these: lists by scope. */
export interface ScopedFlags {
  readonly includeClusterScopedResources?: readonly string[];
  readonly excludeClusterScopedResources?: readonly string[];
  readonly includeNamespaceScopedResources?: readonly string[];
  readonly excludeNamespaceScopedResources?: readonly string[];
}

/** Declares the flags of lists by scope, with Velero's names. */
function addScopedFlags(command: Command): Command {
  const instead = 'instead of the lists above';
  return command
    .option('--include-cluster-scoped-resources <resources>', `cluster-scoped resources, ${instead}`, list)
    .option('--exclude-cluster-scoped-resources <resources>', 'those to leave out, or "*"', list)
    .option('--include-namespace-scoped-resources <resources>', `namespaced resources, ${instead}`, list)
    .option('--exclude-namespace-scoped-resources <resources>', 'those to leave out, or "*"', list);
}

/** Declares the flags that make a backup's spec, with Velero's names. */
export function addBackupFlags(command: Command): Command {
  return addScopedFlags(addSelectionFlags(command))
    .option('--ordered-resources <lists>', 'items to take first: "pods=ns/a,ns/b;persistentvolumes=pv"', ordered)
    .option('--resource-policies-configmap <name>', 'a ConfigMap that says what becomes of which volume')
    .option('--snapshot-volumes [boolean]', 'volume snapshots; default: where a location fits', boolean)
    .option('--ttl <duration>', 'how long to keep it, such as 720h0m0s')
    .option('--storage-location <name>', 'where to keep it; default: the default location')
    .option('--volume-snapshot-locations <names>', 'where to snapshot volumes; at most one per provider', list)
    .option('--labels <pairs>', 'labels of the backup, such as team=a,tier=b', pairs('='));
}

/** Declares what all `create` commands take. */
export function addCreateFlags(command: Command): Command {
  return command
    .option('--spec <file>', 'YAML or JSON of the spec; flags override its members')
    .option('-w, --wait', 'wait for the end, showing progress')
    .addOption(new Option('-o, --output <format>', 'print the request, and start nothing').choices(['json', 'yaml']));
}

/** The members of a spec that the selection flags set. */
export function selectionOf(flags: SelectionFlags): object {
  return defined({
    includedNamespaces: flags.includeNamespaces,
    excludedNamespaces: flags.excludeNamespaces,
    includedResources: flags.includeResources,
    excludedResources: flags.excludeResources,
    includeClusterResources: flags.includeClusterResources,
    labelSelector: flags.selector,
    orLabelSelectors: flags.orSelector,
  });
}

/** The members of a backup's spec that the flags of lists by scope set. */
export function scopedListsOf(flags: ScopedFlags): object {
  return defined({
    includedClusterScopedResources: flags.includeClusterScopedResources,
    excludedClusterScopedResources: flags.excludeClusterScopedResources,
    includedNamespaceScopedResources: flags.includeNamespaceScopedResources,
    excludedNamespaceScopedResources: flags.excludeNamespaceScopedResources,
  });
}

/** Without the members that are `undefined`. */
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
