const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts nanoseconds in 63 bits: some 292 years. */
const longestMs = 2 ** 63 / 1e6;

/** Milliseconds of a Go duration such as `720h0m0s`, `1.5h` or `-30s`; `undefined` if it is none or longer than Go can hold. Source: Go `time.ParseDuration`. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|[µμ]s|ms|s|m|h))+$/.exec(text);
  if (!match) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|[µμ]s|ms|s|m|h)/g))
    total += Number(amount) * (units[unit ?? ''] ?? 0);
  if (total >= longestMs) return undefined;
  return match[1] === '-' ? -total : total;
}
