import assert from 'node:assert/strict';
import { createJsonLog, type JsonLogOptions } from '../../src/log/json-log.ts';

/** The lines that a log writes. */
function linesOf(options: JsonLogOptions, work: (log: ReturnType<typeof createJsonLog>) => void): object[] {
  const lines: string[] = [];
  work(createJsonLog({ ...options, write: (line) => void lines.push(line) }));
  return lines.map((line) => {
    assert.ok(line.endsWith('\n'));
    const { time, ...rest } = JSON.parse(line) as { time: string };
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
    return rest;
  });
}

describe('createJsonLog', () => {
  it('writes one object a line: level, time, message, and of which run and activity it tells', () => {
    const lines = linesOf({}, (log) => {
      log.warn('Activity failed', {
        workflowId: 'backup/b1',
        workflowRunId: 'r1',
        activityType: 'collectItems',
        attempt: 2,
        trace_id: 't',
        span_id: 's',
        sdkComponent: 'worker',
      });
    });
    assert.deepEqual(lines, [
      {
        level: 'warn',
        message: 'Activity failed',
        workflowId: 'backup/b1',
        runId: 'r1',
        activityType: 'collectItems',
        attempt: 2,
        traceId: 't',
        spanId: 's',
        component: 'worker',
      },
    ]);
  });

  it('tells nothing that it does not know: no task token, no object', () => {
    const lines = linesOf({}, (log) => log.info('x', { taskToken: 'abc', item: { data: 1 }, other: 'y' }));
    assert.deepEqual(lines, [{ level: 'info', message: 'x' }]);
  });

  it('tells of an error its name, type, message and stack, and not what hangs on it', () => {
    const error = Object.assign(new Error('no such thing'), {
      type: 'NotFound',
      config: { headers: { authorization: 'secret' } },
      cause: new Error('secret'),
    });
    delete error.stack;
    const lines = linesOf({}, (log) => log.error('x', { error }));
    const told = { name: 'Error', type: 'NotFound', message: 'no such thing' };
    assert.deepEqual(lines, [{ level: 'error', message: 'x', error: told }]);
  });

  it('leaves out what is less than its level', () => {
    const lines = linesOf({ level: 'warn' }, (log) => {
      log.debug('a');
      log.info('b');
      log.warn('c');
      log.error('d');
    });
    assert.deepEqual(
      lines.map((line) => (line as { message: string }).message),
      ['c', 'd'],
    );
  });

  it('is rid of credentials, wherever in a line they are', () => {
    const lines = linesOf({ secrets: ['hunter22'] }, (log) =>
      log.warn('put https://h/k?sig=abc', { workflowId: 'hunter22', error: 'it says hunter22' }),
    );
    assert.deepEqual(lines, [
      { level: 'warn', message: 'put https://h/k?[redacted]', workflowId: '[redacted]', error: 'it says [redacted]' },
    ]);
  });
});
