const [secondMs, minuteMs, hourMs, dayMs] = [1_000, 60_000, 3_600_000, 86_400_000];

/** Words as a sentence begins. */
export function capitalized(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** The largest whole unit of a span: `45s`, `12m`, `3h`, `29d`, `2y`. Source: Kubernetes `duration.ShortHumanDuration`. */
export function shortDuration(ms: number): string {
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)}s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h`;
  const days = Math.floor(ms / dayMs);
  return days < 365 ? `${days}d` : `${Math.floor(days / 365)}y`;
}

/** How far off a time is: `29d`, `3d ago`; `n/a` for none. */
export function timeFromNow(time: string | undefined, now: Date): string {
  const ms = Date.parse(time ?? '') - now.getTime();
  if (Number.isNaN(ms)) return 'n/a';
  return ms >= 0 ? shortDuration(ms) : `${shortDuration(-ms)} ago`;
}

/** Seconds as people say them: `14s`, `3m05s`, `2h07m`. */
export function spanOfSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (count: number): string => String(count).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3_600)}h${two(Math.floor((whole % 3_600) / 60))}m`;
}

/** A size: `512 B`, `12.3 MiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** The name that Velero gives a restore: the backup's, and the local time. */
export function restoreName(backup: string, now: Date): string {
  const parts = [now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()];
  return `${backup}-${now.getFullYear()}${parts.map((part) => String(part).padStart(2, '0')).join('')}`;
}

/** In Velero's order: by name, and what a schedule made, which has the same name but for the time, newest first. */
export function inListOrder<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  const key = ({ name }: T): [string, string] => {
    const [, prefix, time] = /^(.*)-(\d{14})$/.exec(name) ?? [];
    return [prefix ?? name, time ?? ''];
  };
  return [...entries].sort((a, b) => {
    const [[prefixA, timeA], [prefixB, timeB]] = [key(a), key(b)];
    if (prefixA !== prefixB) return prefixA < prefixB ? -1 : 1;
    return timeA === timeB ? 0 : timeA < timeB ? 1 : -1;
  });
}
