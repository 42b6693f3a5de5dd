/** One job and its floor. */
export interface Measurement {
  /** Items that the job counted. */
  readonly items: number;
  readonly seconds: number;
  readonly floorSeconds: number;
  /** Of the workflow, its continuations and its children. */
  readonly historyEvents: number;
  readonly historyBytes: number;
  /** How long its steps took, from the moment when they were asked for, in milliseconds. */
  readonly stepMs: readonly number[];
  /** Largest resident set of a worker. */
  readonly peakRssMiB: number;
  /** Of all workers, and of all their threads. */
  readonly cpuSeconds: number;
  /** How late a worker's event loop came, 99 times of 100 at the most. */
  readonly eventLoopDelayMs: number;
}

/** What a bench prints as its last line. */
export interface BenchResult {
  readonly items: number;
  readonly seconds: number;
  readonly itemsPerSecond: number;
  readonly floorSeconds: number;
  /** `seconds` by `floorSeconds`. */
  readonly ratio: number;
  readonly historyEventsPer1000: number;
  readonly historyBytesPer1000: number;
  readonly stepMsP50: number;
  readonly stepMsP99: number;
  readonly peakRssMiB: number;
  readonly cpuSeconds: number;
  readonly eventLoopDelayMsP99: number;
}

/** What a bench of recoveries prints as its last line. */
export interface RecoveryResult {
  readonly kills: number;
  /** From the kill of the only worker to the next completed activity. */
  readonly secondsP50: number;
  readonly secondsP99: number;
  readonly secondsMax: number;
  /** After how long without a sign of life Temporal takes an attempt for lost: what has to be waited for. */
  readonly heartbeatTimeoutSeconds: number;
}

/** What a bench of snapshots prints as its last line. */
export interface SnapshotsResult {
  /** Volumes in the backup. */
  readonly count: number;
  /** Snapshots that became ready. */
  readonly completed: number;
  /** Of the whole backup. */
  readonly seconds: number;
  /** From the provider's last acceptance to the moment when the backup knew that all were ready. */
  readonly secondsAfterLastAcceptance: number;
  /** The most activities at a time that held a slot for a second or more without asking anything, while only waiting was left. */
  readonly slotsHeldWaiting: number;
}

/** Pods that went through all actions on pods. */
export interface ActionsMeasurement {
  readonly items: number;
  readonly actions: number;
  /** Of the actions alone. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** With all that activities do beside: batches are read and written for each action. */
  readonly activityCpuSeconds: number;
}

/** What `bench actions` prints as its last line. */
export interface ActionsResult extends ActionsMeasurement {
  /** `items` by `seconds`. */
  readonly itemsPerSecond: number;
}

/** The medians of several runs of the actions. */
export function summarizeActions(measurements: readonly ActionsMeasurement[]): ActionsResult {
  const of = (member: keyof ActionsMeasurement): number => median(measurements.map((one) => one[member]));
  const [items, seconds] = [of('items'), of('seconds')];
  return {
    items,
    actions: of('actions'),
    seconds: rounded(seconds, 3),
    cpuSeconds: rounded(of('cpuSeconds'), 3),
    activityCpuSeconds: rounded(of('activityCpuSeconds'), 3),
    itemsPerSecond: rounded(items / seconds, 1),
  };
}

/** The medians of several runs; rates and ratios are made of these. */
export function summarize(measurements: readonly Measurement[]): BenchResult {
  const of = (member: Exclude<keyof Measurement, 'stepMs'>): number => median(measurements.map((one) => one[member]));
  const stepMs = measurements.flatMap((one) => one.stepMs);
  const [items, seconds, floorSeconds] = [of('items'), of('seconds'), of('floorSeconds')];
  return {
    items,
    seconds: rounded(seconds, 3),
    itemsPerSecond: rounded(items / seconds, 1),
    floorSeconds: rounded(floorSeconds, 3),
    ratio: rounded(seconds / floorSeconds, 2),
    historyEventsPer1000: rounded((of('historyEvents') / items) * 1_000, 1),
    historyBytesPer1000: rounded((of('historyBytes') / items) * 1_000, 0),
    stepMsP50: rounded(percentile(stepMs, 50), 1),
    stepMsP99: rounded(percentile(stepMs, 99), 1),
    peakRssMiB: rounded(of('peakRssMiB'), 1),
    cpuSeconds: rounded(of('cpuSeconds'), 3),
    eventLoopDelayMsP99: rounded(of('eventLoopDelayMs'), 1),
  };
}

/** The smallest of the values that so many percent of them do not exceed. @throws RangeError for none */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('percentile of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

/** The middle one; of an even number, the mean of the two. @throws RangeError for none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  return sorted.length % 2 === 1 ? upper : (sorted[sorted.length / 2 - 1]! + upper) / 2;
}

/** The peak in the text of `/proc/<pid>/status`. @throws Error if it has none */
export function peakRssMiB(procStatus: string): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(procStatus)?.[1];
  if (kibibytes === undefined) throw new Error('the process status tells no peak (VmHWM)');
  return Number(kibibytes) / 1_024;
}

/** A table for people, one line per member. */
export function tableOf(result: BenchResult | SnapshotsResult | ActionsResult | RecoveryResult): string {
  const width = Math.max(...Object.keys(result).map((name) => name.length));
  return Object.entries(result)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n');
}

/** Rounds to so many digits after the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
