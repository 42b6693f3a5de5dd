import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJson, historyToJson } from './history-json.ts';
import type { History } from './workflow-runner.ts';

const folder = fileURLToPath(new URL('../histories', import.meta.url));

/** A history in `test/histories`. */
export interface RecordedHistory {
  /** The file's name without its ending: `<workflow>-<scenario>`. */
  readonly name: string;
  readonly workflowId: string;
  /** Whose history it is: the workflow's type. */
  readonly workflow: string;
  readonly history: History;
}

/** All that are kept, by name. */
export function readHistories(): RecordedHistory[] {
  return recordedNames().map((name) => {
    const history = historyFromJson(JSON.parse(readFileSync(pathOf(name), 'utf8')));
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    return { name, workflowId: started?.workflowId ?? '', workflow: started?.workflowType?.name ?? '', history };
  });
}

/** The names of those that are kept. */
export function recordedNames(): string[] {
  return globSync('*.json', { cwd: folder })
    .map((file) => basename(file, '.json'))
    .toSorted();
}

/** Keeps a history as `temporal workflow show --output json` prints it, an event a line, without what tells of the recording machine. */
export function writeHistory(name: string, history: History): void {
  const lines = historyToJson(history).events.map((event) => JSON.stringify(event, withoutMachine));
  writeFileSync(pathOf(name), `{"events":[\n${lines.join(',\n')}\n]}\n`);
}

/** Forgets a history. */
export function removeHistory(name: string): void {
  rmSync(pathOf(name));
}

function pathOf(name: string): string {
  return join(folder, `${name}.json`);
}

/** Stack traces hold paths; identities, and the sticky queues named after them, host names. No replay reads them. */
function withoutMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return typeof value === 'string' && /^\d+@/.test(value) ? 'recorder' : value;
}
