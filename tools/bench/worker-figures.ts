import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a worker's process is asked: to begin measuring, or what it has measured since. */
export type FiguresQuestion = 'begin' | 'tell';

/** What a job took of the process. */
export interface WorkerFigures {
  /** User and system time, of all threads. */
  readonly cpuSeconds: number;
  /** How late the event loop came to its timers, 99 times of 100 at the most, in milliseconds. */
  readonly eventLoopDelayMs: number;
}

/** How often the event loop is looked at; its delays come with this in them. */
const resolutionMs = 10;

/** Measures this process, from the last `begin` on. */
export class WorkerMeter {
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs });
  #cpu = process.cpuUsage();

  constructor() {
    this.#delays.enable();
  }

  answer(question: FiguresQuestion): WorkerFigures {
    if (question === 'begin') {
      this.#delays.reset();
      this.#cpu = process.cpuUsage();
    }
    const { user, system } = process.cpuUsage(this.#cpu);
    const delay = this.#delays.count === 0 ? 0 : this.#delays.percentile(99) / 1e6 - resolutionMs;
    return { cpuSeconds: (user + system) / 1e6, eventLoopDelayMs: Math.max(0, delay) };
  }
}
