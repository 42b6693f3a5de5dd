import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { BowlineError, errorCode } from '../api/errors.ts';
import type { RunRef } from '../api/run.ts';
import type { CallOptions, ObjectStore, WrittenObject } from '../plugins/object-store.ts';
import { artifactBody, artifactKey, type Artifact } from './artifact.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal, assertLease } from './lease.ts';
import type { BackupPlan, OpenRun, Planned, RestorePlan } from './plan.ts';
import { stagingPrefix } from './staging.ts';
import { digest, verifyArtifact, type PutArtifact } from './verify-artifact.ts';

export type { PutArtifact };

/** An artifact to write, of a run. */
export interface PutObjectInput extends Planned {
  readonly artifact: Artifact;
}

/** The last steps of a run: its artifacts, and the end of its staging. */
export interface PutObjectActivities {
  /**
   * Writes one artifact, under a key that must be absent. Safe to repeat: if the key is there with the same size and SHA-256 it
   * is an earlier attempt's, else this fails with `AlreadyExists`; no key is ever overwritten.
   */
  putObject(input: PutObjectInput): Promise<PutArtifact>;
  /** Checks once more that every artifact is in the store as it was written, by size and checksum. Fails with `CorruptBackup`. */
  verifyArtifacts(input: { readonly run: RunRef; readonly artifacts: readonly PutArtifact[] }): Promise<void>;
  /** Removes artifacts in the order given; absent ones are fine. */
  deleteArtifacts(input: { readonly run: RunRef; readonly types: readonly Artifact['type'][] }): Promise<void>;
  /** Removes everything in the run's staging. */
  deleteStaging(run: RunRef): Promise<void>;
}

/** However many objects there are. */
const deletionsInFlight = 32;

/** A body that can be made again, byte for byte. */
export type Body = () => AsyncIterable<Uint8Array>;

/** The activities over a worker's dependencies. */
export function createPutObject(dependencies: Dependencies, openRun: OpenRun): PutObjectActivities {
  const { store } = dependencies;
  return {
    async putObject({ run, plan: ref, artifact }) {
      const { staging, plan } = await openRun<BackupPlan | RestorePlan>({ run, plan: ref });
      // What a restore writes goes where its staging lies: the backup's own location may be read-only.
      const opened = await store(run.kind === 'restore' ? run.staging : run.location);
      const key = artifactKey(run, artifact);
      return { key, ...(await putOnce(opened, key, artifactBody(artifact, { run, staging, plan }))) };
    },

    async verifyArtifacts({ run, artifacts }) {
      const opened = await store(run.kind === 'restore' ? run.staging : run.location);
      const signal = activitySignal();
      await Promise.all(artifacts.map((artifact) => verifyArtifact(opened, artifact, { signal })));
    },

    async deleteArtifacts({ run, types }) {
      const opened = await store(run.kind === 'restore' ? run.staging : run.location);
      for (const type of types) await opened.deleteObject(artifactKey(run, { type }), { signal: activitySignal() });
    },

    async deleteStaging(run) {
      await deleteAll(await store(run.staging), stagingPrefix(run), { signal: activitySignal() });
    },
  };
}

/** Removes every object under `prefix` but those of `kept`; safe to repeat. */
export async function deleteAll(
  opened: ObjectStore,
  prefix: string,
  { kept = [], ...options }: CallOptions & { readonly kept?: readonly string[] },
): Promise<void> {
  const keys: string[] = [];
  for await (const key of opened.listObjects(prefix, options)) {
    if (!kept.includes(key)) keys.push(key);
  }
  await pLimit(deletionsInFlight).map(keys, (key) => opened.deleteObject(key, options));
}

async function putOnce(opened: ObjectStore, key: string, body: Body): Promise<WrittenObject> {
  assertLease();
  const source = Readable.from(body());
  // What fails while the store reads, the store tells of. What fails when it has given up must not end the process.
  source.on('error', () => undefined);
  try {
    return await opened.putObject(key, source, { ifAbsent: true, signal: activitySignal() });
  } catch (error) {
    if (errorCode(error) !== 'AlreadyExists') throw error;
  }
  const [ours, theirs] = [
    await digest(body()),
    await digest(await opened.getObject(key, { signal: activitySignal() })),
  ];
  if (ours.bytes === theirs.bytes && ours.sha256 === theirs.sha256) return ours;
  throw new BowlineError(
    'AlreadyExists',
    `put ${opened.url}/${key}: another object is there, of ${theirs.bytes} bytes`,
  );
}
