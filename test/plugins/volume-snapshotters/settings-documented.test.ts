import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ec2Keys } from '../../../src/plugins/volume-snapshotters/aws-client.ts';
import { azureDiskKeys } from '../../../src/plugins/volume-snapshotters/azure-client.ts';
import { filesystemVolumeKeys } from '../../../src/plugins/volume-snapshotters/filesystem.ts';
import { gcpDiskKeys } from '../../../src/plugins/volume-snapshotters/gcp-client.ts';

const document = readFileSync(new URL('../../../docs/snapshot-locations.md', import.meta.url), 'utf8');

/** The settings that have a row, by provider. */
function documented(provider: string): string[] {
  const [, section = ''] = new RegExp(`^## ${provider}: .*\n([^]*?)(?=^## |(?![^]))`, 'm').exec(document) ?? [];
  return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, key = '']) => key);
}

describe('docs/snapshot-locations.md', () => {
  for (const [provider, { required, optional }, others] of [
    ['aws', ec2Keys, ['caCert']],
    ['azure', azureDiskKeys, ['caCert']],
    ['gcp', gcpDiskKeys, []],
    ['filesystem', filesystemVolumeKeys, []],
  ] as const)
    it(`has a row for each setting that ${provider} takes, and for no other`, () =>
      assert.deepEqual(documented(provider).toSorted(), [...required, ...optional, ...others].toSorted()));
});
