import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { activityInfo } from '@temporalio/activity';
import { BowlineError, errorCode, type ErrorCode } from '../api/errors.ts';
import { parseJson } from '../api/json.ts';
import type { RunRef, StagedRef, Step } from '../api/run.ts';
import { backupLayout, restoreLayout } from '../backup-format/layout.ts';
import type { ObjectStore } from '../plugins/object-store.ts';
import { bytesOf } from './bytes.ts';
import type { Dependencies } from './dependencies.ts';
import { KeptLines } from './kept-lines.ts';
import { activitySignal, assertLease, undoIfLeaseIsLost } from './lease.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** More than any staged file may unpack to: a batch ends at 4 MiB and its largest item, a report holds names. */
const maxUnpackedBytes = 512 * 1024 * 1024;

/** Files that are fetched ahead of the one that is read: a report is small, and a store's answer takes its time. */
const filesAhead = 8;

/** How often a file is asked for that breaks off on the way: its activity would do all over again what it has done before it. */
const readings = 3;

/** Where batches, segments and reports lie while a run works. */
export interface Staging {
  /** Writes a file of this attempt. Its key is derived from step, Temporal run and attempt, so no two attempts share one. */
  write(step: Step, body: Uint8Array): Promise<StagedRef>;
  /** Writes values as gzipped JSON lines. */
  writeLines(step: Step, lines: readonly string[]): Promise<StagedRef>;
  /** Reads a file; rejects with `CorruptBackup` if its digest is not the one in `ref`. */
  read(ref: StagedRef): Promise<Buffer>;
  /** Reads a file in small pieces, and rejects with `CorruptBackup` at its end if its digest is not the one in `ref`. */
  stream(ref: StagedRef): AsyncIterable<Buffer>;
  /** Reads the values written by `writeLines`. */
  readLines(ref: StagedRef): Promise<unknown[]>;
  /** Puts a mark that only one attempt of a step can put. Resolves with `false` if an earlier one has. */
  mark(step: Step): Promise<boolean>;
  /** Takes the mark away again. */
  unmark(step: Step): Promise<void>;
  /** The same, each as its text. */
  readTexts(ref: StagedRef): Promise<readonly string[]>;
  /** Reads what `writeLines` wrote to several files, in their order. The next few are fetched while one is worked on. */
  readEach(refs: readonly StagedRef[]): AsyncIterable<unknown[]>;
}

/** Opens the staging of `run`, seen from the activity at hand. `kept` is of the worker's earlier activities. */
export async function openStaging(
  { store }: Pick<Dependencies, 'store'>,
  run: RunRef,
  kept: KeptLines = new KeptLines(),
): Promise<Staging> {
  return stagingIn(await store(run.staging), run, kept);
}

/** All keys of a run's staging begin with this. */
export function stagingPrefix(run: Pick<RunRef, 'kind' | 'name' | 'uid'>): string {
  return run.kind === 'restore' ? restoreLayout(run.name).staging(run.uid) : backupLayout(run.name).staging(run.uid);
}

/** The plans in a run's staging, one for each attempt that wrote one. Rejects with `CorruptBackup` if one can't be read. */
export async function plansIn<Plan>(store: ObjectStore, prefix: string): Promise<Plan[]> {
  const signal = activitySignal();
  const plans: Plan[] = [];
  for await (const key of store.listObjects(`${prefix}plan-`, { signal })) {
    const body = await bytesOf(store, key);
    try {
      plans.push(parseJson((await decompress(body)).toString('utf8')) as unknown as Plan);
    } catch (cause) {
      throw new BowlineError('CorruptBackup', `read ${store.url}/${key}: not a plan`, { cause });
    }
  }
  return plans;
}

function stagingIn(store: ObjectStore, run: RunRef, kept: KeptLines): Staging {
  const { workflowExecution, attempt } = activityInfo();
  const temporalRun = workflowExecution?.runId.slice(0, 8) ?? 'local';
  const owner = `${temporalRun}-${attempt}`;
  const markOf = (step: Step): string => `${stagingPrefix(run)}${step}-mark-${temporalRun}`;

  async function write(step: Step, body: Uint8Array): Promise<StagedRef> {
    assertLease();
    const key = `${stagingPrefix(run)}${step}-${owner}`;
    // The run may have ended without this attempt and removed staging by then: what it still wrote would stay for good.
    undoIfLeaseIsLost(() => store.deleteObject(key));
    const { sha256, bytes } = await store.putObject(key, body, { signal: activitySignal() });
    assertLease();
    return { key, sha256, bytes };
  }

  async function fetch(key: string, signal?: AbortSignal): Promise<Buffer> {
    for (let reading = 1; ; reading += 1) {
      const body = await store.getObject(key, { ...(signal && { signal }) });
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of body) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      } catch (error) {
        if (reading === readings || errorCode(error) !== 'Unavailable') throw error;
      }
    }
  }

  async function read(ref: StagedRef): Promise<Buffer> {
    const body = await fetch(ref.key, activitySignal());
    assertDigest(ref, createHash('sha256').update(body));
    return body;
  }

  /** What has passed before a file broke off does not pass again. */
  async function* stream(ref: StagedRef): AsyncIterable<Buffer> {
    const hash = createHash('sha256');
    let passed = 0;
    let reading = 1;
    for (; ; reading += 1) {
      let at = 0;
      const body = await store.getObject(ref.key, { signal: activitySignal() });
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          const fresh = chunk.subarray(Math.max(0, passed - at));
          at += chunk.length;
          if (fresh.length === 0) continue;
          passed += fresh.length;
          hash.update(fresh);
          yield fresh;
        }
        break;
      } catch (error) {
        if (reading === readings || errorCode(error) !== 'Unavailable') throw error;
      }
    }
    // What passed before it broke off may be what is wrong, and is right when the step is repeated.
    assertDigest(ref, hash, reading > 1 ? 'Unavailable' : 'CorruptBackup');
  }

  function assertDigest({ key, sha256 }: StagedRef, hash: Hash, code: ErrorCode = 'CorruptBackup'): void {
    const found = hash.digest('hex');
    if (found === sha256) return;
    throw new BowlineError(code, `read ${store.url}/${key}: its SHA-256 is ${found}, not ${sha256}`);
  }

  async function readTexts(ref: StagedRef): Promise<readonly string[]> {
    const lines = kept.of(ref);
    if (lines !== undefined) return lines;
    const text = (await decompress(await read(ref), { maxOutputLength: maxUnpackedBytes })).toString('utf8');
    return text === '' ? [] : text.split('\n');
  }

  const readLines = async (ref: StagedRef): Promise<unknown[]> => (await readTexts(ref)).map(parseJson);

  async function* readEach(refs: readonly StagedRef[]): AsyncIterable<unknown[]> {
    const ahead: Promise<unknown[]>[] = [];
    for (let next = 0; next < refs.length || ahead.length > 0;) {
      while (next < refs.length && ahead.length < filesAhead) {
        const lines = readLines(refs[next++]!);
        // Awaited in its turn, perhaps after an earlier one has failed.
        lines.catch(() => undefined);
        ahead.push(lines);
      }
      yield await ahead.shift()!;
    }
  }

  return {
    write,
    read,
    stream,
    readTexts,
    async writeLines(step, lines) {
      const ref = await write(step, await compress(lines.join('\n'), { level: 1 }));
      kept.keep(ref, lines);
      return ref;
    },
    readLines,
    readEach,

    async mark(step) {
      assertLease();
      const key = markOf(step);
      let isPut = false;
      // As above; but what a mark tells of may have been done once the attempt has gone on, and then it stays.
      undoIfLeaseIsLost(async () => {
        if (!isPut && (await fetch(key)).toString('utf8') === owner) await store.deleteObject(key);
      });
      try {
        await store.putObject(key, Buffer.from(owner), { ifAbsent: true, signal: activitySignal() });
      } catch (error) {
        if (errorCode(error) !== 'AlreadyExists') throw error;
        // It may be our own, if the store's answer was lost.
        if ((await fetch(key, activitySignal())).toString('utf8') !== owner) return false;
      }
      assertLease();
      isPut = true;
      return true;
    },

    async unmark(step) {
      await store.deleteObject(markOf(step), { signal: activitySignal() });
    },
  };
}
