import type { ScheduleEntry } from '../client/index.ts';
import { templateSections } from './describe.ts';
import { row, sections } from './rows.ts';
import { plain } from './terminal.ts';

/** A schedule for people, with the labels of Velero's `describe` and, beside them, what Temporal knows of it. */
export function describeSchedule(entry: ScheduleEntry): string {
  const { name, schedule, timeZone, template, retention, overlap, paused, note, lastBackup, recent, running, next } =
    entry;
  const rules = Object.entries(retention ?? {}).map(([rule, count]) => `${rule}=${count}`);
  return sections([
    [row('Name', plain(name)), row('Phase', 'Enabled')],
    [row('Paused', String(paused)), ...(note === undefined ? [] : [row('Note', plain(note))])],
    [row('Schedule', plain(schedule)), row('Time Zone', plain(timeZone)), row('Overlap Policy', overlap)],
    [row('Keep', rules.join(', ') || '<by TTL>')],
    [{ label: 'Backup Template', below: templateSections(template).flat() }],
    [row('Last Backup', lastBackup ?? '<n/a>')],
    [
      { label: 'Recent', lines: recent.map(({ backup, startedAt }) => `- ${plain(backup)}, started ${startedAt}`) },
      { label: 'Running', lines: running.map((backup) => `- ${plain(backup)}`) },
      { label: 'Next', lines: next.map((time) => `- ${time}`) },
    ].map((list) => (list.lines.length > 0 ? list : row(list.label, '<none>'))),
    [row('Skipped while one was running', String(entry.skipped)), row('Missed', String(entry.missed))],
  ]);
}
