import assert from 'node:assert/strict';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { backupSummary, details, restoreSummary } from '../../src/client/summary.ts';
import { parseConfig } from '../../src/config.ts';

const config = parseConfig(
  JSON.stringify({
    backupStorageLocations: [
      { name: 'disk', provider: 'filesystem', objectStorage: { bucket: 'b' } },
      { name: 'cloud', provider: 'velero.io/aws', default: true, objectStorage: { bucket: 'b', prefix: 'prod' } },
    ],
  }),
  { file: 'the test', env: {} },
);

describe('backupSummary', () => {
  const table: [unknown, string][] = [
    [undefined, 'all namespaces -> s3://b/prod'],
    [{ includedNamespaces: ['*'] }, 'all namespaces -> s3://b/prod'],
    [{ includedNamespaces: ['shop', 'web'], storageLocation: 'disk' }, 'shop, web -> filesystem://b'],
    [{ includedNamespaces: 'shop', storageLocation: 'unknown' }, 'all namespaces'],
  ];
  for (const [spec, expected] of table) {
    it(`is ${expected} for ${JSON.stringify(spec)}`, () => {
      assert.equal(backupSummary({ name: 'a', spec: spec as BackupSpec }, config), expected);
    });
  }

  it('is cut where Temporal would refuse it', () => {
    const includedNamespaces = Array.from({ length: 100 }, (_, index) => `namespace-${index}`);
    assert.ok(Buffer.byteLength(backupSummary({ name: 'a', spec: { includedNamespaces } }, config)) <= 400);
    assert.ok(Buffer.byteLength(details({ name: 'a', spec: { includedNamespaces: ['é'.repeat(30_000)] } })) <= 20_000);
  });
});

describe('restoreSummary', () => {
  const table: [RestoreSpec | undefined, string][] = [
    [undefined, 'no backup -> all namespaces'],
    [{ backupName: 'shop-1', includedNamespaces: ['shop'] }, 'shop-1 -> shop'],
    [{ backupName: 'shop-1', namespaceMapping: { shop: 'copy' } }, 'shop-1 -> copy'],
  ];
  for (const [spec, expected] of table) {
    it(`is ${expected} for ${JSON.stringify(spec)}`, () => {
      assert.equal(restoreSummary({ name: 'a', ...(spec && { spec }) }), expected);
    });
  }
});
