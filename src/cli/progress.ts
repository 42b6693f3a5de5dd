import cliProgress from 'cli-progress';
import type { RunStatus } from '../client/index.ts';
import { spanOfSeconds } from './format.ts';
import { plain, type Terminal } from './terminal.ts';

/** Shows how far a run has come. */
interface ProgressView {
  show(status: RunStatus): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line with the time, each time something has changed. */
export function progressView(terminal: Pick<Terminal, 'err' | 'screen'>, now: () => Date): ProgressView {
  return terminal.screen ? bar(terminal.screen, now) : lines(terminal, now);
}

/** One line of all that counts: `InProgress: collecting items; 120 of 500 or more items, …`. */
export function progressLine(status: RunStatus): string {
  const { phase, step, progress, volumes, hooks, warnings, errors, pausedSince } = status;
  const { doneItems, totalItems, totalIsEstimate } = progress;
  const counts = [
    `${doneItems} of ${totalItems}${totalIsEstimate ? ' or more' : ''} items`,
    ...(volumes.attempted > 0 ? [`${volumes.completed} of ${volumes.attempted} volumes`] : []),
    ...(hooks ? [`${hooks.attempted} hooks`] : []),
    ...(warnings > 0 ? [`${warnings} warnings`] : []),
    ...(errors > 0 ? [`${errors} errors`] : []),
  ];
  const pause = pausedSince === undefined ? '' : `, paused since ${plain(pausedSince)}`;
  return `${phase}${pause}: ${plain(step)}; ${counts.join(', ')}`;
}

/** Items a second, and how long the rest takes at that rate: `83/s, 12s left`; empty while there is nothing to tell. */
export function rateAndLeft({ doneItems, totalItems }: RunStatus['progress'], seconds: number): string {
  if (seconds <= 0 || doneItems === 0) return '';
  const rate = doneItems / seconds;
  const left = Math.max(0, totalItems - doneItems) / rate;
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s, ${spanOfSeconds(left)} left`;
}

function lines({ err }: Pick<Terminal, 'err'>, now: () => Date): ProgressView {
  let last = '';
  return {
    show(status) {
      const line = progressLine(status);
      if (line !== last) err(`${now().toISOString().slice(0, 19)}Z ${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

function bar(stream: NodeJS.WriteStream, now: () => Date): ProgressView {
  const drawn = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}%  {line}  {rate}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    emptyOnZero: true,
    clearOnComplete: true,
  });
  drawn.start(0, 0, { line: 'New: waiting for a worker', rate: '' });
  return {
    show(status) {
      const { progress, startTimestamp } = status;
      const seconds = (now().getTime() - Date.parse(startTimestamp)) / 1_000;
      drawn.setTotal(progress.totalItems);
      drawn.update(progress.doneItems, { line: progressLine(status), rate: rateAndLeft(progress, seconds) });
    },
    end: () => drawn.stop(),
  };
}
