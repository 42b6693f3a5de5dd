import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { logLine, type LogEntry } from '../../src/backup-format/log.ts';
import { goldenBackups, goldenFile, goldenRestores } from './golden.ts';

const files = [
  ...goldenBackups.map((name) => `backups/${name}/${name}-logs.gz`),
  ...goldenRestores.map((name) => `restores/${name}/restore-${name}-logs.gz`),
];

const entry: LogEntry = { time: '2026-11-23T17:08:09.123Z', level: 'info', message: 'Backed up item', fields: {} };

/** Reads a line of logrus; names of fields may hold blanks. */
function parseLine(line: string): LogEntry {
  const pairs = [...line.matchAll(/([^=]+)=("(?:[^"\\]|\\.)*"|[^" ]*)(?: |$)/gy)].map(
    ([, key = '', value = '']) => [key, value.startsWith('"') ? (JSON.parse(value) as string) : value] as const,
  );
  const { time = '', level, msg = '', ...fields } = Object.fromEntries(pairs);
  return { time, level: level as LogEntry['level'], message: msg, fields };
}

describe('logLine', () => {
  for (const file of files) {
    it(`writes every line of Velero's ${file} as Velero did`, () => {
      const lines = gunzipSync(goldenFile(file)).toString().split('\n').slice(0, -1);
      assert.ok(lines.length > 100);
      for (const line of lines) assert.equal(logLine(parseLine(line)), `${line}\n`);
    });
  }

  it('quotes where it must, sorts the fields, and leaves fractions of a second out', () => {
    const fields = { resource: 'pods', name: 'a b', namespace: '', error: 'said "no"', zone: 'eu-1a/x@y^z+_.' };
    assert.equal(
      logLine({ ...entry, level: 'warning', fields }),
      'time="2026-11-23T17:08:09Z" level=warning msg="Backed up item" error="said \\"no\\"" name="a b" namespace= ' +
        'resource=pods zone=eu-1a/x@y^z+_.\n',
    );
  });

  it('stays one line, whatever the message holds', () => {
    const line = logLine({ ...entry, message: 'a\r\nb', fields: { error: 'c\n\u001b[2Jd' } });
    assert.equal(line.search(/[\r\n]/), line.length - 1);
    assert.ok(!line.includes('\u001b'));
  });
});
