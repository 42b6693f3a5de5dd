import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import { goldenBackups, goldenFile, goldenRestores } from './golden.ts';

describe('backupLayout', () => {
  for (const backup of goldenBackups) {
    it(`finds every file of Velero's ${backup}`, () => {
      // Velero 1.18 writes no file of CSI snapshots any more.
      const { directory, csiVolumeSnapshots, segments, deletion, staging, ...written } = backupLayout(backup);
      void [csiVolumeSnapshots, segments, deletion, staging];
      for (const key of Object.values(written)) {
        assert.ok(key.startsWith(directory), key);
        assert.ok(goldenFile(key).length > 0, key);
      }
    });
  }

  it('keeps its own files apart from those of Velero', () => {
    const { segments, deletion, staging } = backupLayout('b');
    assert.deepEqual(
      [segments, deletion, staging('u')],
      ['backups/b/b-segments.json', 'backups/b/b-deletion.json', 'backups/b/staging/u/'],
    );
  });
});

describe('restoreLayout', () => {
  for (const restore of goldenRestores) {
    it(`finds every file of Velero's ${restore}`, () => {
      const { directory, record, staging, usesMark, ...written } = restoreLayout(restore);
      void [record, staging, usesMark];
      for (const key of Object.values(written)) {
        assert.ok(key.startsWith(directory), key);
        assert.ok(goldenFile(key).length > 0, key);
      }
    });
  }

  it('keeps its own files apart from those of Velero', () => {
    const { record, staging, usesMark } = restoreLayout('r');
    assert.deepEqual(
      [record, staging('u'), usesMark('u', 'b')],
      ['restores/r/velero-restore.json', 'restores/r/staging/u/', 'restores/r/staging/u/uses-b'],
    );
  });
});

describe('layouts', () => {
  const hostile = ['', '.', '..', 'a/b', '/a', 'a/', '../a', 'a\\b', 'a\0', 'a\nb', 'a\u007f', undefined, null, 7];
  for (const name of hostile as string[]) {
    it(`refuse the name ${JSON.stringify(name) ?? 'undefined'}, wherever it stands`, () => {
      const refused = { code: 'InvalidSpec', message: /expected one path segment/ };
      assert.throws(() => backupLayout(name), refused);
      assert.throws(() => restoreLayout(name), refused);
      assert.throws(() => backupLayout('b').staging(name), refused);
      assert.throws(() => restoreLayout('r').staging(name), refused);
      assert.throws(() => restoreLayout('r').usesMark('u', name), refused);
    });
  }

  it('never put a key outside the directory, nor one of a backup into that of another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b);
        const [left, right] = [a, b].map(keysOf);
        for (const key of left ?? []) {
          assert.equal(key.split('/')[1], a);
          assert.ok(!(right ?? []).includes(key));
        }
      }),
    );
  });
});

/** No keys for a name that is refused. */
function keysOf(name: string): string[] {
  try {
    const { staging, ...keys } = backupLayout(name);
    return [...Object.values(keys), staging('u')];
  } catch {
    return [];
  }
}
