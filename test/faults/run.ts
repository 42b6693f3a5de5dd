import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import type { Random } from '../../tools/bench/random.ts';
import { startFaultProxy, type FaultProxy } from '../../tools/stack/fault-proxy.ts';
import type { Fault, Held } from '../../tools/stack/fault-rules.ts';
import { ManualClock } from '../../tools/stack/provider-clock.ts';
import { startSnapshotProvider, type SnapshotProvider } from '../../tools/stack/snapshot-provider.ts';
import { attemptRunner, make, runRef, subject, type Attempt } from './attempt.ts';
import { plantForeign, type Foreign } from './foreign.ts';

/** What a run is made of. */
export interface RunOptions {
  readonly makes: Attempt['makes'];
  readonly random: Random;
  /** Whether one of its attempts runs in a process that is killed. */
  readonly kill: boolean;
  /** Whether the snapshotter says how long the lists lag. */
  readonly tellsLag: boolean;
}

/** What came of one run, or of many. */
export interface Figures {
  runs: number;
  attempts: number;
  /** Processes that were killed in the middle of an attempt. */
  kills: number;
  /** Attempts that were given up and went on beside, or after, the next one. */
  zombies: number;
  /** Requests that met a fault. */
  faults: number;
  /** Snapshots made beside the first one, and taken away in the end. */
  doublesRemoved: number;
  /** What nobody knows of and nobody deletes. */
  orphans: number;
  /** More than one for the same owner, or another than the one that is recorded. */
  duplicates: number;
  /** Somebody else's that were deleted, or taken for the run's own. */
  foreignTouched: number;
}

/** How long a request may be on its way after its client was given up. */
const deliveryMs = 5_000;

/** More attempts than so many meet no faults. */
const faultyAttempts = 4;

const attemptProcess = fileURLToPath(new URL('./attempt-process.ts', import.meta.url));

/** One run: attempts until one succeeds, and then what the workflow does to be left with one thing or with none. */
export async function faultyRun(options: RunOptions): Promise<Figures> {
  const clock = new ManualClock();
  const lagMs = options.random.pick([0, 2_000, 30_000]);
  const provider = await startSnapshotProvider({ now: clock.now, indexLagMs: lagMs });
  const random = (): number => options.random.below(1_000_000) / 1_000_000;
  const proxy = await startFaultProxy(provider.url, { random });
  const indexLagMs = options.tellsLag ? lagMs + deliveryMs : 0;
  try {
    return await new FaultyRun(options, { clock, provider, proxy, indexLagMs }).run();
  } finally {
    await proxy.stop();
    await provider.stop();
  }
}

interface Surroundings {
  readonly clock: ManualClock;
  readonly provider: SnapshotProvider;
  readonly proxy: FaultProxy;
  readonly indexLagMs: number;
}

class FaultyRun {
  readonly #options: RunOptions;
  readonly #surroundings: Surroundings;
  readonly #uid: string;
  readonly #attempt: Omit<Attempt, 'attempt'>;
  readonly #foreign: Foreign;
  readonly #held: Held[] = [];
  readonly #zombies: Promise<unknown>[] = [];
  #attempts = 0;
  #kills = 0;

  constructor(options: RunOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#uid = `run-${options.random.hex(8)}`;
    const { provider, proxy, indexLagMs, clock } = surroundings;
    provider.addVolume(subject.volumeId);
    this.#foreign = plantForeign(provider, { uid: this.#uid, random: options.random, now: clock.now });
    const { snapshotId } = provider.addSnapshot({ volumeId: subject.volumeId, tags: {}, createdAt: 0 });
    this.#foreign.snapshots.add(snapshotId);
    this.#attempt = { makes: options.makes, uid: this.#uid, url: proxy.url, indexLagMs, snapshotId };
  }

  async run(): Promise<Figures> {
    const { random, makes } = this.#options;
    const { provider, clock } = this.#surroundings;
    let made: string | undefined;
    while (made === undefined) {
      made = await this.#anAttempt();
      this.#foreign.plantMore();
      if (made === undefined) clock.advance(random.below(20_000));
      if (random.below(2) === 0) this.#held.shift()?.release();
    }
    const since = clock.now();
    clock.advance(random.below(deliveryMs));
    await this.#letZombiesEnd();
    const ownBefore = this.#own().length;
    const abandoned = random.below(5) === 0;
    if (makes === 'snapshot') await this.#reconcile(abandoned ? [] : [made], since);
    else if (abandoned) await this.#inTheEnd('deleteVolume', { location: 'disks', volumeId: made });

    const own = this.#own();
    const unknown = own.filter((id) => abandoned || id !== made);
    const isForeign = this.#foreign.snapshots.has(made) || this.#foreign.volumes.has(made);
    return {
      runs: 1,
      attempts: this.#attempts,
      kills: this.#kills,
      zombies: this.#zombies.length,
      faults: this.#surroundings.proxy.calls.filter(({ faults }) => faults.length > 0).length,
      doublesRemoved: makes === 'snapshot' ? Math.max(0, ownBefore - 1) : 0,
      orphans: unknown.length,
      duplicates: Math.max(0, own.length - 1) + (abandoned || own.includes(made) ? 0 : 1),
      foreignTouched: this.#foreign.missingFrom(provider) + (isForeign ? 1 : 0),
    };
  }

  /** What the run made, by the provider's own books. */
  #own(): string[] {
    const { provider } = this.#surroundings;
    return this.#options.makes === 'snapshot'
      ? [...provider.snapshots.keys()].filter((id) => !this.#foreign.snapshots.has(id))
      : [...provider.volumes.keys()].filter((id) => !this.#foreign.volumes.has(id));
  }

  /** Resolves with what it made, or with nothing if it failed or was given up. */
  async #anAttempt(): Promise<string | undefined> {
    const { random, kill } = this.#options;
    const { proxy } = this.#surroundings;
    const attempt = { ...this.#attempt, attempt: ++this.#attempts };
    proxy.clear();
    if (kill && this.#kills === 0) return this.#killedAttempt(attempt);
    if (this.#attempts > faultyAttempts) return make(attempt);
    const fate = random.below(10);
    if (fate < 1) return make(attempt);
    if (fate < 4) return this.#zombieAttempt(attempt);
    addFaults(proxy, random);
    return make(attempt).catch(assertRetryable);
  }

  /** An attempt whose heartbeats are no longer heard, but which goes on when its request does. */
  async #zombieAttempt(attempt: Attempt): Promise<string | undefined> {
    const holding = this.#hold();
    const result = make(attempt);
    const first = await Promise.race([holding, result]);
    if (typeof first === 'string') return first;
    this.#held.push(first);
    this.#zombies.push(result.catch(assertRetryable));
    return undefined;
  }

  async #killedAttempt(attempt: Attempt): Promise<string | undefined> {
    const holding = this.#hold();
    const child = fork(attemptProcess, [JSON.stringify(attempt)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ended = once(child, 'exit');
    const first = await Promise.race([holding, once(child, 'message'), ended.then(() => 'ended')]);
    if (first === 'ended') throw new Error('an attempt in a process of its own ended before it was killed');
    child.kill('SIGKILL');
    await ended;
    this.#kills++;
    if (Array.isArray(first)) return first[0] as string;
    this.#held.push(first as Held);
    return undefined;
  }

  /** One request of the next attempt, at a point by chance. */
  #hold(): Promise<Held> {
    const { random } = this.#options;
    const method = random.below(4) === 0 ? 'GET' : 'POST';
    return this.#surroundings.proxy.hold({ method, at: random.pick(['before', 'after']) });
  }

  async #letZombiesEnd(): Promise<void> {
    for (const held of this.#held.splice(0)) held.release();
    await Promise.all(this.#zombies);
    await this.#surroundings.proxy.idle();
  }

  async #reconcile(keep: string[], since: number): Promise<void> {
    await this.#inTheEnd('reconcileSnapshots', { run: runRef(this.#uid), location: 'disks', keep, since });
  }

  /** An activity, repeated as Temporal does until it succeeds. */
  async #inTheEnd<Name extends 'reconcileSnapshots' | 'deleteVolume'>(
    name: Name,
    input: Parameters<Activities[Name]>[0],
  ): Promise<void> {
    const { random } = this.#options;
    const { clock, proxy } = this.#surroundings;
    for (let attempt = 1; ; attempt++) {
      proxy.clear();
      if (attempt <= faultyAttempts) addFaults(proxy, random);
      const runner = attemptRunner(this.#attempt);
      runner.now = new Date(clock.now());
      try {
        await runner.run(name, input);
        return;
      } catch (error) {
        assertRetryable(error);
        clock.advance(Number((error as ApplicationFailure).nextRetryDelay ?? 1_000));
      }
    }
  }
}

/** One or two rules of what may happen to requests. */
function addFaults(proxy: FaultProxy, random: Random): void {
  const faults: Fault[] = [
    { type: 'drop' },
    { type: 'drop' },
    { type: 'reset', at: 'before' },
    { type: 'reset', at: 'after' },
    { type: 'truncate', bytes: random.below(12) },
    { type: 'refuse', status: 429, retryAfterSeconds: 1 + random.below(3) },
    { type: 'refuse', status: 503 },
    { type: 'delay', at: random.pick(['before', 'after']), ms: random.below(4) },
  ];
  for (let rules = 1 + random.below(2); rules > 0; rules--) {
    const method = random.pick(['POST', 'POST', 'GET', 'DELETE']);
    const when = random.pick([{ nth: 1 }, { nth: 2 }, { first: 2 }, { probability: 0.5 }]);
    proxy.add({ match: { method }, when, fault: random.pick(faults) });
  }
}

/** A failure that Temporal does not repeat would leave what was made to nobody. */
function assertRetryable(error: unknown): undefined {
  if ((error as Partial<ApplicationFailure>).nonRetryable !== false) throw error;
  return undefined;
}
