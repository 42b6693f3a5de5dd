import type { RunNotification } from '../api/notification.ts';

const marks: Readonly<Record<RunNotification['phase'], string>> = {
  Completed: ':white_check_mark:',
  PartiallyFailed: ':warning:',
  Failed: ':x:',
  FailedValidation: ':x:',
  Cancelled: ':no_entry_sign:',
};

/** Slack takes 40,000 characters; nobody reads them. */
const longestText = 1_000;

/** A notification in Slack's own markup, in which nothing of the run can ring a bell or be a link. */
export function slackText(notification: RunNotification): string {
  const { kind, name, phase, schedule, location, items, warnings, errors, volumes, failureReason } = notification;
  const failed = volumes.failed > 0 ? `, ${volumes.failed} failed` : '';
  const facts = [
    ...(schedule ? [`schedule ${schedule}`] : []),
    ...(location ? [`location ${location}`] : []),
    `${items} items`,
    ...(volumes.attempted > 0 ? [`${volumes.completed} of ${volumes.attempted} volumes${failed}`] : []),
    `${warnings} warnings`,
    `${errors} errors`,
  ];
  const reason = failureReason === undefined ? [] : [`> ${escaped(shortened(failureReason))}`];
  return [`${marks[phase]} *${kind} ${escaped(shortened(name))}*: ${phase}`, escaped(facts.join(', ')), ...reason].join(
    '\n',
  );
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= longestText ? line : `${line.slice(0, longestText - 1)}…`;
}

/** Source: Slack's documentation, "Escaping text". */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
