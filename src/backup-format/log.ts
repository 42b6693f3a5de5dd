/** One line of a log file. */
export interface LogEntry {
  /** RFC 3339. */
  readonly time: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  /** Other members, written in the order of their names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Characters that a value may hold unquoted. Source: logrus' text format, which Velero logs in. */
const plain = /^[A-Za-z0-9\-._/@^+]+$/;

/** A line of a `-logs.gz` file, with its newline: `time="…" level=info msg="…" name=… namespace=…`. */
export function logLine({ time, level, message, fields }: LogEntry): string {
  const others = Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quoted(value)}`);
  return `${[`time="${time.slice(0, 19)}Z"`, `level=${level}`, `msg=${quoted(message)}`, ...others].join(' ')}\n`;
}

function quoted(value: string): string {
  return value === '' || plain.test(value) ? value : JSON.stringify(value);
}
