import { notifiedKinds, notifiedPhases, type NotificationTarget } from './api/notification.ts';
import type { Section } from './config-section.ts';

/** Reads an entry of the list `notifications`. No problem that it tells holds a URL. */
export function readNotification(section: Section): NotificationTarget {
  const given = {
    ...section.optionalText('url'),
    ...section.optionalText('urlFile'),
    ...section.optionalText('urlEnv'),
  };
  if (Object.keys(given).length !== 1) section.refuse('url', 'expected one of url, urlFile and urlEnv');
  const { urlEnv, urlFile } = given;
  const url = urlEnv === undefined ? given.url : section.variable(urlEnv);
  if (url && !isWebAddress(url))
    section.refuse(urlEnv === undefined ? 'url' : 'urlEnv', 'expected an http or https URL');
  const target: NotificationTarget = {
    name: section.text('name'),
    format: section.oneOf('format', ['json', 'slack'] as const).format ?? 'json',
    ...(url && { url }),
    ...(urlFile !== undefined && { urlFile }),
    ...(urlEnv !== undefined && !url && { unsetVariable: urlEnv }),
    kinds: section.someOf('kinds', notifiedKinds),
    phases: section.someOf('phases', notifiedPhases),
  };
  section.refuseOthers();
  return target;
}

/** What is wrong with notifications as a whole. */
export function notificationProblems(targets: readonly NotificationTarget[]): string[] {
  const names = targets.map(({ name }) => name);
  const doubles = new Set(names.filter((name, index) => name !== '' && names.indexOf(name) !== index));
  return [...doubles].map((name) => `notifications: two are named ${name}`);
}

function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}
