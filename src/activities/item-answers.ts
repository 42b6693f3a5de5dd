import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BowlineError } from '../api/errors.ts';
import type { HandedItem, HandedKind, ItemAnswer } from '../api/handed-batch.ts';
import { parseJson } from '../api/json.ts';
import { checkedOutput, identityOf } from '../plugins/item-action-output.ts';

const decompress = promisify(gunzip);

/** Far more than a batch unpacks to: it ends at 4 MiB and its largest item, unless the configuration says otherwise. */
export const mostAnswerBytes: number = 64 * 1024 * 1024;

const members = ['index', 'item', 'additionalItems', 'skipRestore', 'error', 'log'];

/**
 * Reads what a worker has made of the items that it was handed: one answer for each, by their numbers.
 *
 * Rejects with `InvalidItem` if it is anything else, naming the line and no value in it.
 */
export async function readItemAnswers(
  body: Uint8Array,
  handed: ReadonlyMap<number, HandedItem>,
  kind: HandedKind,
): Promise<Map<number, ItemAnswer>> {
  const text = await unpack(body);
  const answers = new Map<number, ItemAnswer>();
  for (const [at, line] of text.replace(/\n$/, '').split('\n').entries()) {
    try {
      const answer = itemAnswer(parsed(line), handed, kind);
      if (answers.has(answer.index)) throw refused(`index ${answer.index} was answered before`);
      answers.set(answer.index, answer);
    } catch (error) {
      throw new BowlineError('InvalidItem', `line ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  const missing = [...handed.keys()].filter((index) => !answers.has(index));
  if (missing.length === 0) return answers;
  throw refused(`there is no line for ${missing.length} of ${handed.size} items, such as index ${missing[0]}`);
}

async function unpack(body: Uint8Array): Promise<string> {
  try {
    return (await decompress(body, { maxOutputLength: mostAnswerBytes })).toString('utf8');
  } catch (error) {
    throw new BowlineError('InvalidItem', `it is no gzip of at most ${mostAnswerBytes} bytes`, { cause: error });
  }
}

function parsed(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch {
    throw refused('it is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refused('it is no JSON object');
}

function itemAnswer(
  line: Record<string, unknown>,
  handed: ReadonlyMap<number, HandedItem>,
  kind: HandedKind,
): ItemAnswer {
  const unknown = Object.keys(line).filter((key) => !members.includes(key));
  if (unknown.length > 0) throw refused(`it has members that nobody knows; known are ${members.join(', ')}`);
  // Some languages write null for what is absent.
  const present = Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null));
  const { index, error, item, additionalItems, skipRestore } = present;
  const given = typeof index === 'number' ? handed.get(index) : undefined;
  if (given === undefined) throw refused('its index is none of those in the batch');
  const log = logOf(present['log']);
  if (error !== undefined) {
    if (typeof error === 'string' && error !== '') return { index: given.index, error, log };
    throw refused('error: expected text');
  }
  if (skipRestore !== undefined && kind !== 'RestoreItemAction') throw refused('skipRestore: this is no restore');
  const output = { updatedItem: item ?? given.item, additionalItems, skipRestore };
  const { updatedItem, ...checked } = checkedOutput(output, identityOf(given.item));
  return { index: given.index, ...checked, ...(item !== undefined && { item: updatedItem }), log };
}

function logOf(log: unknown = []): NonNullable<ItemAnswer['log']> {
  const isLog =
    Array.isArray(log) &&
    log.every((line: Partial<Record<string, unknown>> | null) => {
      const { level, message } = line ?? {};
      return (level === 'info' || level === 'warning') && typeof message === 'string';
    });
  if (isLog) return log as NonNullable<ItemAnswer['log']>;
  throw refused('log: expected a list of { level, message }, where level is info or warning');
}

function refused(problem: string): BowlineError {
  return new BowlineError('InvalidItem', problem);
}
