import type { Command } from 'commander';

/** What to type, by the command's name with those above it. Every command that does something has at least one. */
const examples: Readonly<Record<string, readonly string[]>> = {
  worker: ['bowline worker', 'bowline worker --config /etc/bowline/bowline.yaml'],
  setup: ['bowline setup'],
  'backup create': [
    'bowline backup create shop-1 --include-namespaces shop --wait',
    'bowline backup create all --exclude-resources events,events.events.k8s.io --ttl 720h',
    'bowline backup create web --selector "app=web,tier in (a,b)" --snapshot-volumes=false',
    'bowline backup create --from-schedule nightly --wait',
    'bowline backup create shop-1 --include-namespaces shop -o yaml',
  ],
  'backup get': ['bowline backup get', 'bowline backup get shop-1 -o yaml'],
  'backup describe': ['bowline backup describe shop-1', 'bowline backup describe shop-1 --details'],
  'backup logs': ['bowline backup logs shop-1'],
  'backup diff': ['bowline backup diff monday tuesday', 'bowline backup diff shop-1 --cluster -o json'],
  'backup download': ['bowline backup download shop-1', 'bowline backup download shop-1 -o /tmp/shop-1.tar.gz --force'],
  'backup pause': ['bowline backup pause shop-1'],
  'backup resume': ['bowline backup resume shop-1'],
  'backup set-concurrency': ['bowline backup set-concurrency shop-1 --batches 2'],
  'backup cancel': ['bowline backup cancel shop-1 --wait'],
  'backup delete': ['bowline backup delete shop-1 --confirm --wait'],
  'restore create': [
    'bowline restore create --from-backup shop-1 --wait',
    'bowline restore create copy --from-backup shop-1 --namespace-mappings shop:shop-copy',
    'bowline restore create --from-schedule nightly --allow-partially-failed',
    'bowline restore create --from-backup shop-1 --include-resources configmaps --existing-resource-policy update --dry-run',
  ],
  'restore get': ['bowline restore get', 'bowline restore get copy -o json'],
  'restore describe': ['bowline restore describe copy --details'],
  'restore logs': ['bowline restore logs copy'],
  'restore pause': ['bowline restore pause copy'],
  'restore resume': ['bowline restore resume copy'],
  'restore set-concurrency': ['bowline restore set-concurrency copy --batches 2'],
  'restore cancel': ['bowline restore cancel copy --wait'],
  'schedule create': [
    'bowline schedule create nightly --schedule "0 3 * * *" --include-namespaces shop --keep last=3,daily=7',
    'bowline schedule create often --schedule "@every 6h" --ttl 48h --overlap-policy BUFFER_ONE',
  ],
  'schedule get': ['bowline schedule get', 'bowline schedule get nightly -o yaml'],
  'schedule describe': ['bowline schedule describe nightly'],
  'schedule update': [
    'bowline schedule update nightly --schedule "30 2 * * *" --time-zone Europe/Berlin',
    'bowline schedule update nightly --no-keep --ttl 720h',
  ],
  'schedule pause': ['bowline schedule pause nightly'],
  'schedule unpause': ['bowline schedule unpause nightly'],
  'schedule trigger': ['bowline schedule trigger nightly'],
  'schedule backfill': [
    'bowline schedule backfill nightly --from 2026-01-01T00:00:00Z --to 2026-01-03T00:00:00Z --overlap-policy BUFFER_ALL',
  ],
  'schedule delete': ['bowline schedule delete nightly --confirm'],
  'backup-location get': ['bowline backup-location get', 'bowline backup-location get default --validate -o json'],
  'backup-location validate': ['bowline backup-location validate default'],
  'snapshot-location get': ['bowline snapshot-location get'],
  'action list': ['bowline action list'],
  'action run': [
    'bowline action run --kind RestoreItemAction --action velero.io/service --case examples/item-action-case/service.json',
  ],
  'codec-server': [
    'bowline codec-server',
    'bowline codec-server --listen 0.0.0.0:8082 --origin https://temporal.example.com --token-file /etc/bowline/token',
  ],
  doctor: ['bowline doctor', 'bowline doctor -o json'],
  version: ['bowline version', 'bowline version -o json'],
  completion: ['bowline completion bash > /etc/bash_completion.d/bowline'],
};

/** What to type of a command, by its name with those above it: `backup create`. None for a command that only has others below it. */
export function examplesOf(path: string): readonly string[] {
  return examples[path] ?? [];
}

/** Puts the examples into the help of a command and of all below it. */
export function addExamples(command: Command, path = ''): void {
  const lines = examplesOf(path);
  if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  for (const below of command.commands) addExamples(below, `${path} ${below.name()}`.trim());
}
