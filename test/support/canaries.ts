import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { historyToJson } from './history-json.ts';

/** Secrets of a test by what they are; each stands nowhere but where the test puts it. */
export type Canaries = Readonly<Record<string, string>>;

/** Where to look, by what it is. */
export type Places = Readonly<Record<string, string>>;

/** Each canary that is found, with the place and how it is spelled there: `hook in history of backup/b1, in base64`. */
export function findCanaries(canaries: Canaries, places: Places): string[] {
  return Object.entries(canaries).flatMap(([canary, value]) =>
    Object.entries(places).flatMap(([place, text]) =>
      Object.entries(spellings(value))
        .filter(([, spelled]) => spelled.some((one) => text.includes(one)))
        .map(([how]) => `${canary} in ${place}, ${how}`),
    ),
  );
}

/** As it is, in JSON, in base64 at whatever place of a longer text, and as a part of a URL. */
function spellings(value: string): Record<string, string[]> {
  return {
    'as it is': [value, JSON.stringify(value).slice(1, -1)],
    'in base64': [0, 1, 2].map((offset) => inBase64(value, offset)),
    'in a URL': [encodeURIComponent(value)].filter((one) => one !== value),
  };
}

/** The characters of base64 that the value alone determines, after so many other bytes. */
function inBase64(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** All that Temporal knows of the workflows of a task queue: every event with its payloads decoded, memos, search attributes, details. */
export async function temporalPlaces(client: Client, taskQueue: string): Promise<Record<string, string>> {
  const places: Record<string, string> = {};
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [description, history] = [await handle.describe(), await handle.fetchHistory()];
    const events = JSON.stringify(historyToJson(history));
    places[`the history of ${workflowId} ${runId}`] = `${events}\n${decoded(history)}`;
    places[`what Temporal shows of ${workflowId} ${runId}`] = shown(description);
  }
  return places;
}

function shown({ memo, typedSearchAttributes, raw }: WorkflowExecutionDescription): string {
  return [JSON.stringify(memo), JSON.stringify(typedSearchAttributes), decoded(raw)].join('\n');
}

/** An object's JSON, its bytes as text. */
function decoded(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'bigint') return String(one);
    if (one instanceof Uint8Array) return Buffer.from(one).toString('utf8');
    const { type, data } = (one ?? {}) as { readonly type?: unknown; readonly data?: unknown };
    return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]).toString('utf8') : one;
  });
}
