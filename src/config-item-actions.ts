import type { Config, ItemActionModule, ItemActionWorker } from './api/config.ts';
import { parseGoDuration } from './api/duration.ts';
import { handedKinds } from './api/handed-batch.ts';
import type { ResourceSelector } from './api/resource-selector.ts';
import type { Section } from './config-section.ts';

const longestMs = 3_600_000;

/** Reads the list `itemActions`. Modules are looked for from `folder`, the configuration file's own. */
export function readItemActions(top: Section, folder: string): Config['itemActions'] {
  return top.list('itemActions', (section) =>
    section.has('taskQueue') ? readWorker(section) : readModule(section, folder),
  );
}

function readModule(section: Section, folder: string): ItemActionModule {
  const module = section.text('module');
  section.refuseOthers();
  return { module, folder };
}

function readWorker(section: Section): ItemActionWorker {
  const worker: ItemActionWorker = {
    taskQueue: section.text('taskQueue'),
    kind: section.oneOf('kind', handedKinds).kind ?? 'BackupItemAction',
    name: section.text('name'),
    appliesTo: readSelector(section.section('appliesTo')),
    startTimeout: readTimeout(section, 'startTimeout', '1m0s'),
    timeout: readTimeout(section, 'timeout', '5m0s'),
    transport: section.oneOf('transport', ['store', 'payload'] as const).transport ?? 'store',
  };
  for (const [key, expected] of [
    ['kind', `one of ${handedKinds.join(', ')}`],
    ['appliesTo', 'a selector; {} selects everything'],
  ] as const)
    if (!section.has(key)) section.refuse(key, `missing; expected ${expected}`);
  section.refuseOthers();
  return worker;
}

function readSelector(section: Section): ResourceSelector {
  const selector: ResourceSelector = {
    ...section.optionalTexts('includedResources'),
    ...section.optionalTexts('excludedResources'),
    ...section.optionalTexts('includedNamespaces'),
    ...section.optionalTexts('excludedNamespaces'),
    ...section.optionalText('labelSelector'),
  };
  section.refuseOthers();
  return selector;
}

/** Bounded, so that a worker that does not answer holds up no run for long. */
function readTimeout(section: Section, key: string, fallback: string): string {
  const text = section.duration(key, fallback);
  const ms = parseGoDuration(text);
  if (ms !== undefined && (ms < 1_000 || ms > longestMs)) section.refuse(key, `expected from 1s to 1h, got ${text}`);
  return text;
}

/** What is wrong with item actions in view of the rest of the configuration. */
export function itemActionProblems({ itemActions, temporal }: Config): string[] {
  return itemActions.flatMap((action, index) => {
    if (!('taskQueue' in action)) return [];
    const at = `itemActions[${index}]`;
    return [
      ...(action.taskQueue === temporal.taskQueue
        ? [`${at}.taskQueue: ${action.taskQueue} is Bowline's own; expected the other worker's`]
        : []),
      ...(action.transport === 'payload' && temporal.codec === undefined
        ? [`${at}.transport: payload puts items into histories, encrypted: it needs temporal.codec.keyFile`]
        : []),
    ];
  });
}
