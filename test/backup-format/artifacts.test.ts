import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Backup } from '../../src/api/backup.ts';
import { parseJson } from '../../src/api/json.ts';
import {
  decodeGzipJson,
  decodeMetadata,
  decodeVolumeSnapshots,
  encodeGzipJson,
  encodeMetadata,
} from '../../src/backup-format/artifacts.ts';
import { backupLayout, restoreLayout } from '../../src/backup-format/layout.ts';
import type { Results } from '../../src/backup-format/results.ts';
import { goldenBackups, goldenFile, goldenRestores } from './golden.ts';

function artifactsOf(layout: object): string[] {
  // Velero 1.18 writes no file of CSI snapshots any more.
  const written = Object.entries(layout).filter(([name]) => name !== 'csiVolumeSnapshots');
  return written.map(([, key]) => String(key)).filter((key) => /(json|results)\.gz$/.test(key));
}

const corrupt = (message: RegExp) => ({ code: 'CorruptBackup', message });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encoded = async (value: unknown): Promise<string> => gunzipSync(await encodeGzipJson(value)).toString();

describe('encodeGzipJson', () => {
  const layouts = [...goldenBackups.map(backupLayout), ...goldenRestores.map(restoreLayout)];
  for (const key of layouts.flatMap(artifactsOf)) {
    it(`writes Velero's ${key} as Velero did`, async () => {
      const bytes = goldenFile(key);
      assert.equal(await encoded(await decodeGzipJson(bytes)), gunzipSync(bytes).toString());
    });
  }

  it('escapes as Go does', async () => {
    assert.equal(
      await encoded({ '<&>': 'a<b>&c\u2028\u2029"\\\n\u0001é' }),
      '{"\\u003c\\u0026\\u003e":"a\\u003cb\\u003e\\u0026c\\u2028\\u2029\\"\\\\\\n\\u0001é"}\n',
    );
  });

  it('is undone by decodeGzipJson, whatever the value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const value = parseJson(json);
        assert.deepEqual(await decodeGzipJson(await encodeGzipJson(value)), value);
      }),
    );
  });

  it('gives the same bytes for the same value', async () => {
    assert.deepEqual(await encodeGzipJson({ a: 1 }), await encodeGzipJson({ a: 1 }));
  });
});

describe('decodeGzipJson', () => {
  const damaged: readonly [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('{}')],
    ['gzip that is cut off', gzipSync('{}').subarray(0, -1)],
    ['gzip of nothing', gzipSync('')],
    ['gzip of half an object', gzipSync('{"a":')],
  ];
  for (const [what, bytes] of damaged) {
    it(`refuses ${what}`, () => assert.rejects(decodeGzipJson(bytes), corrupt(/^read gzipped JSON: /)));
  }

  it('reads what Velero filed of a restore with warnings and errors', async () => {
    const { results } = restoreLayout('shop-mapped');
    const { errors, warnings } = (await decodeGzipJson(goldenFile(results))) as unknown as Results;
    assert.match(errors.namespaces?.['shop-copy']?.[0] ?? '', /^error restoring services\/shop-copy\/web-np: /);
    assert.equal(warnings.cluster?.length, 2);
    assert.equal(warnings.velero, undefined);
  });
});

describe('decodeMetadata', () => {
  for (const name of goldenBackups) {
    it(`reads Velero's ${name}, and encodeMetadata writes it as Velero did`, () => {
      const bytes = goldenFile(backupLayout(name).metadata);
      const backup = decodeMetadata(bytes);
      assert.equal(backup.metadata.name, name);
      assert.equal(backup.status?.phase, 'Completed');
      assert.equal(text(encodeMetadata(backup)), text(bytes));
    });
  }

  const minimal = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'b' } };

  it('keeps members and phases that it does not know, and gives a backup without a spec an empty one', () => {
    const later = { ...minimal, status: { phase: 'Pondering', more: [1] }, added: true };
    assert.deepEqual(decodeMetadata(encodeMetadata(later)), { ...later, spec: {} } as unknown as Backup);
  });

  const wrong: readonly [string, unknown, RegExp][] = [
    ['null', null, /apiVersion: expected .*, got undefined; kind: .*; metadata.name: expected text/],
    ['a list', [], /apiVersion: expected velero.io\/v1/],
    ['another group', { ...minimal, apiVersion: 'v1' }, /: apiVersion: expected velero.io\/v1, got "v1"$/],
    ['another kind', { ...minimal, kind: 'Restore' }, /: kind: expected Backup, got "Restore"$/],
    ['no name', { ...minimal, metadata: {} }, /: metadata.name: expected text$/],
    ['no metadata', { ...minimal, metadata: null }, /: metadata.name: expected text$/],
  ];
  for (const [what, value, message] of wrong) {
    it(`refuses ${what}, naming all that is wrong`, () => {
      const bytes = Buffer.from(JSON.stringify(value));
      assert.throws(() => decodeMetadata(bytes), corrupt(message));
    });
  }

  for (const [what, bytes] of Object.entries({ nothing: [], text: [0x61], 'no UTF-8': [0x22, 0xff, 0x22] })) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeMetadata(Uint8Array.from(bytes)), corrupt(/^read velero-backup.json: /));
    });
  }
});

describe('decodeVolumeSnapshots', () => {
  it("reads those of Velero's shop-golden", async () => {
    const bytes = goldenFile(backupLayout('shop-golden').volumeSnapshots);
    assert.deepEqual(decodeVolumeSnapshots(await decodeGzipJson(bytes)), [
      {
        spec: {
          backupName: 'shop-golden',
          backupUID: 'a602cbc7-ffce-455a-8eff-720679bcd832',
          location: 'default',
          persistentVolumeName: 'shop-pv-0',
          providerVolumeID: 'vol-d5a5afc135fb43056',
          volumeType: 'io1',
          volumeAZ: 'us-east-1a',
          volumeIOPS: 200,
        },
        status: { providerSnapshotID: 'snap-64ad807bb68e4d5df', phase: 'Completed' },
      },
    ]);
  });

  it('takes null, which Velero writes for none, for none', async () => {
    const bytes = goldenFile(backupLayout('shop-selected').volumeSnapshots);
    assert.deepEqual(decodeVolumeSnapshots(await decodeGzipJson(bytes)), []);
  });

  it('reads the spelling of Velero before 1.11, and a snapshot without a status', () => {
    const [snapshot] = decodeVolumeSnapshots([{ spec: { PersistentVolumeName: 'pv' } }]);
    assert.deepEqual(snapshot, { spec: { persistentVolumeName: 'pv' }, status: { phase: 'New' } });
  });

  const wrong = [{}, 'text', 7, [null], ['text'], [{}], [{ spec: null }]];
  for (const value of wrong) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(() => decodeVolumeSnapshots(value), corrupt(/^read volume snapshots: expected a list/));
    });
  }
});
