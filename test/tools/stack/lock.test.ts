import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locked } from '../../../tools/stack/lock.ts';

describe('lock of the stack', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
    file = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('lets one task run at a time, and each in the end', async () => {
    let [running, most] = [0, 0];
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    await Promise.all([locked(file, task), locked(file, task), locked(file, task)]);
    assert.deepEqual([running, most], [0, 1]);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('gives what the task gives, and is released when it fails', async () => {
    assert.equal(await locked(file, () => Promise.resolve(1)), 1);
    await assert.rejects(
      locked(file, () => Promise.reject(new Error('failed'))),
      /failed/,
    );
    assert.equal(existsSync(file), false);
  });

  it('tells once whom it waits for', async () => {
    const told: number[] = [];
    let release = (): void => undefined;
    const first = locked(file, () => new Promise<void>((resolve) => (release = resolve)));
    const second = locked(
      file,
      () => Promise.resolve(),
      (owner) => {
        told.push(owner);
        release();
      },
    );
    await Promise.all([first, second]);
    assert.deepEqual(told, [process.pid]);
  });

  const dead = spawnSync(process.execPath, ['--version']).pid;
  const stale = [
    { title: 'whose owner is gone', content: String(dead), age: 0 },
    { title: 'whose owner was killed before it wrote its name', content: '', age: 60 },
  ];
  for (const { title, content, age } of stale) {
    it(`is taken over from one ${title}`, async () => {
      writeFileSync(file, content);
      const time = Date.now() / 1_000 - age;
      utimesSync(file, time, time);
      assert.equal(
        await locked(
          file,
          () => Promise.resolve('mine'),
          () => assert.fail('waits'),
        ),
        'mine',
      );
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});
