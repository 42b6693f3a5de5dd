import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../src/api/json.ts';
import { runCase, type CaseAction, type CaseResult, type ItemActionCase } from '../../src/cli/item-action-case.ts';
import { compare } from '../vectors/compare.mjs';

/** A case, and what Velero made of it. */
export interface Vector extends ItemActionCase {
  readonly id: string;
  readonly title: string;
  readonly expect: Readonly<Record<string, Expectation | null>>;
}

interface Expectation {
  readonly error: string | null;
  readonly errorKind?: string;
}

/** The cases of one action. */
export interface VectorFile {
  /** Such as `velero.io/pod`. */
  readonly action: string;
  readonly kind: 'BackupItemAction' | 'RestoreItemAction' | 'DeleteItemAction';
  readonly cases: readonly Vector[];
}

/** Vectors that are overruled, by id, each with the reason. */
export type Overruled = Readonly<Record<string, string>>;

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const ruled = JSON.parse(readFileSync(`${folder}overruled.json`, 'utf8')) as Overruled;

/** The files of all actions, such as `RestoreItemAction/pod.json`. */
export const vectorFiles: readonly string[] = globSync('*/*.json', { cwd: folder }).sort();

/** Reads a file of vectors. Numbers keep every digit. */
export function readVectors(file: string): VectorFile {
  return parseJson(readFileSync(`${folder}${file}`, 'utf8')) as unknown as VectorFile;
}

/** What Velero 1.18 made of it, or 1.6.3 where 1.18 has no such action; nothing where neither has. */
export function expectationOf({ expect }: Vector): Expectation | undefined {
  return expect['1.18'] ?? expect['1.6.3'] ?? undefined;
}

/** Why a vector is overruled, if it is. */
export function reasonAgainst({ id }: Vector): string | undefined {
  return ruled[id];
}

/** Differences from what Velero made of a vector; empty if there are none that matter. */
export function differencesFromVelero(actual: CaseResult, vector: Vector): unknown[] {
  const expected = expectationOf(vector)!;
  // Go refuses fields of a wrong type that the action does not read; here they pass untouched.
  if (expected.errorKind === 'conversion' && actual.error === null) return [];
  return compare(inDoubles(actual), inDoubles(expected));
}

/** Declares one test per vector of an action. */
export function itMatchesVelero(file: string, action: CaseAction, overruled: Overruled = {}): void {
  const log = { info: () => undefined, warning: () => undefined };
  for (const vector of readVectors(file).cases.filter(expectationOf)) {
    const { id, title } = vector;
    const reason = overruled[id] ?? reasonAgainst(vector);
    it(`${id}: ${title}${reason === undefined ? '' : ` (overruled: ${reason})`}`, async () => {
      const differences = differencesFromVelero(await runCase(action, vector, { log }), vector);
      if (reason === undefined) assert.deepEqual(differences, []);
      else assert.notDeepEqual(differences, [], 'it no longer differs: take it off the list');
    });
  }
}

/** Plain data, as `compare` takes it. */
function inDoubles(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
