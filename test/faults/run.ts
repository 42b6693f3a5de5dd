import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';
import type { Random } from '../../tools/bench/random.ts';
import type { Fault, Held } from '../../tools/stack/fault-rules.ts';
import { ManualClock } from '../../tools/stack/provider-clock.ts';
import { attemptRunner, make, runRef, type Attempt } from './attempt.ts';
import { Foreign } from './foreign.ts';
import { deliveryMs, type OpenSubject, type Subject } from './subject.ts';

/** What a run is made of. */
export interface RunOptions {
  readonly open: OpenSubject;
  readonly makes: Attempt['makes'];
  readonly random: Random;
  /** Whether one of its attempts runs in a process that is killed. */
  readonly kill: boolean;
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

/** More attempts than so many meet no faults. */
const faultyAttempts = 4;

const attemptProcess = fileURLToPath(new URL('./attempt-process.ts', import.meta.url));

/** One run: attempts until one succeeds, and then what the workflow does to be left with one thing or with none. */
export async function faultyRun({ open, ...options }: RunOptions): Promise<Figures> {
  const { random } = options;
  // Attempts are told the time by the same clock as the provider.
  const clock = new ManualClock();
  const subject = await open({ clock, random, lagMs: random.pick([0, 2_000, 30_000]) });
  try {
    return await new FaultyRun(options, clock, subject).run();
  } finally {
    await subject.stop();
  }
}

class FaultyRun {
  readonly #options: Omit<RunOptions, 'open'>;
  readonly #clock: ManualClock;
  readonly #subject: Subject;
  readonly #uid: string;
  readonly #foreign: Foreign;
  readonly #held: Held[] = [];
  readonly #zombies: Promise<unknown>[] = [];
  #attempts = 0;
  #kills = 0;

  constructor(options: Omit<RunOptions, 'open'>, clock: ManualClock, subject: Subject) {
    this.#options = options;
    this.#clock = clock;
    this.#subject = subject;
    this.#uid = `run-${options.random.hex(8)}`;
    this.#foreign = new Foreign(subject, this.#uid, options.random);
  }

  async run(): Promise<Figures> {
    const { random, makes } = this.#options;
    await this.#foreign.plant();
    let made: string | undefined;
    while (made === undefined) {
      made = await this.#anAttempt();
      await this.#foreign.plant();
      if (made === undefined) this.#clock.advance(random.below(20_000));
      if (random.below(2) === 0) this.#held.shift()?.release();
    }
    const since = this.#clock.now();
    this.#clock.advance(random.below(deliveryMs));
    await this.#letZombiesEnd();
    const before = await this.#own();
    const abandoned = random.below(5) === 0;
    if (makes === 'snapshot') await this.#reconcile(abandoned ? [] : [made], since);
    else if (abandoned) await this.#inTheEnd('deleteVolume', { location: 'disks', volumeId: made });

    const own = await this.#own();
    return {
      runs: 1,
      attempts: this.#attempts,
      kills: this.#kills,
      zombies: this.#zombies.length,
      faults: this.#subject.proxy.calls.filter(({ faults }) => faults.length > 0).length,
      doublesRemoved: makes === 'snapshot' ? Math.max(0, before.length - 1) : 0,
      orphans: own.filter((id) => abandoned || id !== made).length,
      duplicates: Math.max(0, own.length - 1) + (abandoned || own.includes(made) ? 0 : 1),
      foreignTouched: (await this.#foreign.missing()) + (this.#foreign.has(made) ? 1 : 0),
    };
  }

  /** What the run made, by the provider's own books. */
  async #own(): Promise<string[]> {
    const { makes } = this.#options;
    const all = await (makes === 'snapshot' ? this.#subject.snapshots() : this.#subject.volumes());
    return all.filter((id) => !this.#foreign.has(id));
  }

  /** Resolves with what it made, or with nothing if it failed or was given up. */
  async #anAttempt(): Promise<string | undefined> {
    const { random, kill, makes } = this.#options;
    const { proxy, where, volumeId, zone, snapshotId } = this.#subject;
    const attempt = { makes, uid: this.#uid, attempt: ++this.#attempts, where, volumeId, zone, snapshotId };
    proxy.clear();
    if (kill && this.#kills === 0) return this.#killedAttempt(attempt);
    if (this.#attempts > faultyAttempts) return make(attempt);
    const fate = random.below(10);
    if (fate < 1) return make(attempt);
    if (fate < 4) return this.#zombieAttempt(attempt);
    addFaults(this.#subject, random);
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
    const { proxy, requests } = this.#subject;
    const which = random.below(4) === 0 ? requests.reads : requests.creates;
    return proxy.hold({ ...which, at: random.pick(['before', 'after']) });
  }

  async #letZombiesEnd(): Promise<void> {
    // The last attempt may have ended without the request that was to be held.
    this.#subject.proxy.clear();
    for (const held of this.#held.splice(0)) held.release();
    await Promise.all(this.#zombies);
    await this.#subject.proxy.idle();
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
    const { proxy, where } = this.#subject;
    for (let attempt = 1; ; attempt++) {
      proxy.clear();
      if (attempt <= faultyAttempts) addFaults(this.#subject, random);
      const runner = await attemptRunner(where);
      runner.now = new Date(this.#clock.now());
      try {
        await runner.run(name, input);
        return;
      } catch (error) {
        assertRetryable(error);
        this.#clock.advance(Number((error as ApplicationFailure).nextRetryDelay ?? 1_000));
      }
    }
  }
}

/** One or two rules of what may happen to requests. */
function addFaults({ proxy, requests }: Subject, random: Random): void {
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
    const match = random.pick([requests.creates, requests.creates, requests.reads, requests.deletes]);
    const when = random.pick([{ nth: 1 }, { nth: 2 }, { first: 2 }, { probability: 0.5 }]);
    proxy.add({ match, when, fault: random.pick(faults) });
  }
}

/** A failure that Temporal does not repeat would leave what was made to nobody. */
function assertRetryable(error: unknown): undefined {
  if ((error as Partial<ApplicationFailure>).nonRetryable !== false) throw error;
  return undefined;
}
