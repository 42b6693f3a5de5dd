import type { ScheduleHandle } from '@temporalio/client';
import pLimit from 'p-limit';
import type { Config } from '../api/config.ts';
import { BowlineError, errorCode } from '../api/errors.ts';
import {
  assertValid,
  entryOf,
  scheduleId,
  temporalSchedule,
  type OverlapPolicy,
  type ScheduleDefinition,
  type ScheduleEntry,
} from './schedule-definition.ts';
import { temporalError } from './temporal-error.ts';
import type { Temporal } from './temporal.ts';

/** How a schedule begins. */
export interface CreateScheduleOptions {
  /** It makes no backup until it is let go on. Default `false`. */
  readonly paused?: boolean;
  /** Makes a backup at once, beside those of its times. Default `false`. */
  readonly triggerImmediately?: boolean;
}

/** Times of the past for which backups are made now. */
export interface Backfill {
  readonly start: Date;
  readonly end: Date;
  /** Default: the schedule's own. */
  readonly overlap?: OverlapPolicy;
}

/** Descriptions asked for at the same time. */
const inFlight = 8;

/**
 * Schedules of backups: Temporal Schedules that start the workflow `scheduledBackup`. Temporal keeps them, and starts their backups whether or
 * not a worker runs; backups that were made outlive their schedule. A late one starts within a day, once (`docs/schedules.md`).
 */
export class Schedules {
  readonly #config: Config;
  readonly #temporal: Temporal;

  constructor(config: Config, { temporal }: { readonly temporal: Temporal }) {
    this.#config = config;
    this.#temporal = temporal;
  }

  /** Makes a schedule. Rejects with `InvalidSpec` and all `problems`, or `AlreadyExists`. */
  async create(
    definition: ScheduleDefinition,
    { paused = false, triggerImmediately = false }: CreateScheduleOptions = {},
  ): Promise<void> {
    assertValid(definition, this.#config);
    const { schedule } = await this.#temporal.client();
    const options = temporalSchedule(definition, this.#config.temporal);
    try {
      await schedule.create({ ...options, state: { paused, triggerImmediately } });
    } catch (error) {
      throw scheduleError(`create schedule ${definition.name}`, error);
    }
  }

  /** All schedules of backups, by name. A new one may be missing for a second. */
  async list(): Promise<ScheduleEntry[]> {
    const { schedule } = await this.#temporal.client();
    const prefix = scheduleId('', this.#config.temporal);
    const names: string[] = [];
    try {
      for await (const { scheduleId: id } of schedule.list())
        if (id.startsWith(prefix)) names.push(id.slice(prefix.length));
    } catch (error) {
      throw temporalError('list schedules', error);
    }
    const entries = await pLimit(inFlight).map(names.sort(), (name) => this.get(name).catch(whereGone));
    return entries.filter((entry) => entry !== undefined);
  }

  /** One schedule. Rejects with `NotFound`. */
  get(name: string): Promise<ScheduleEntry> {
    return this.#with(name, `get schedule ${name}`, async (handle) => entryOf(name, await handle.describe()));
  }

  /** Has it make no backups, until `unpause`. Safe to repeat. */
  async pause(name: string, note = 'paused by bowline'): Promise<void> {
    await this.#with(name, `pause schedule ${name}`, (handle) => handle.pause(note));
  }

  /** Has it go on with its next time: what was due meanwhile is not made up for. Safe to repeat. */
  async unpause(name: string, note = 'unpaused by bowline'): Promise<void> {
    await this.#with(name, `unpause schedule ${name}`, (handle) => handle.unpause(note));
  }

  /** Makes a backup now, also while it is paused. Default of `overlap`: the schedule's own; with `SKIP`, none while one is running. */
  async trigger(name: string, overlap?: OverlapPolicy): Promise<void> {
    await this.#with(name, `trigger schedule ${name}`, async (handle) =>
      // The SDK's own default lets it overlap whatever runs.
      handle.trigger(overlap ?? (await handle.describe()).policies.overlap),
    );
  }

  /**
   * Makes the backups now that were due between two times, each with its own name. Those that overlap go by the policy: with `SKIP`, Temporal takes
   * ten times at once, and makes one backup of these.
   */
  async backfill(name: string, times: Backfill): Promise<void> {
    const { start, end } = times;
    if (!(start < end))
      throw new BowlineError('InvalidSpec', `backfill schedule ${name}: expected a start before the end`);
    await this.#with(name, `backfill schedule ${name}`, async (handle) => {
      const overlap = times.overlap ?? (await handle.describe()).policies.overlap;
      await handle.backfill({ start, end, overlap });
    });
  }

  /** Changes what it is to do; its state stays. `change` is given what there is. Rejects with `InvalidSpec` and all `problems`. */
  async update(name: string, change: (current: ScheduleEntry) => Omit<ScheduleDefinition, 'name'>): Promise<void> {
    await this.#with(name, `update schedule ${name}`, async (handle) => {
      const definition = { ...change(entryOf(name, await handle.describe())), name };
      assertValid(definition, this.#config);
      const { scheduleId: _, ...options } = temporalSchedule(definition, this.#config.temporal);
      await handle.update(({ state }) => ({ ...options, state }));
    });
  }

  /** Deletes the schedule. Its backups stay, and one that is running goes on. */
  async delete(name: string): Promise<void> {
    await this.#with(name, `delete schedule ${name}`, (handle) => handle.delete());
  }

  async #with<T>(name: string, tried: string, work: (handle: ScheduleHandle) => Promise<T>): Promise<T> {
    const { schedule } = await this.#temporal.client();
    try {
      return await work(schedule.getHandle(scheduleId(name, this.#config.temporal)));
    } catch (error) {
      throw scheduleError(tried, error);
    }
  }
}

function scheduleError(tried: string, error: unknown): BowlineError {
  // What Temporal finds wrong with times and zones, the SDK tells as a `TypeError`.
  if ((error as Error).name === 'TypeError')
    return new BowlineError('InvalidSpec', `${tried}: ${(error as Error).message}`, { cause: error });
  const ours = temporalError(tried, error);
  const what = {
    NotFound: 'no schedule of that name',
    AlreadyExists: 'there is one of that name: delete it first, or choose another name',
  }[ours.code as string];
  return what === undefined || ours === error
    ? ours
    : new BowlineError(ours.code, `${tried}: ${what}`, { cause: error });
}

function whereGone(error: unknown): undefined {
  if (errorCode(error) !== 'NotFound') throw error;
}
