import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ConfigKeys } from '../../../src/plugins/config-keys.ts';
import { awsKeys } from '../../../src/plugins/object-stores/aws-config.ts';
import { azureKeys } from '../../../src/plugins/object-stores/azure-config.ts';
import { filesystemKeys } from '../../../src/plugins/object-stores/filesystem-config.ts';
import { gcpKeys } from '../../../src/plugins/object-stores/gcp-client.ts';

const document = readFileSync(new URL('../../../docs/locations.md', import.meta.url), 'utf8');

/** The first two cells of each row, by provider: a setting and its type. */
function documented(provider: string): Map<string, string> {
  const [, section = ''] = new RegExp(`^## ${provider}\n([^]*?)(?=^## |(?![^]))`, 'm').exec(document) ?? [];
  return new Map([...section.matchAll(/^\| `(\w+)` *\| ([^|]*?) *\|/gm)].map(([, key = '', type = '']) => [key, type]));
}

describe('docs/locations.md', () => {
  const providers: readonly [provider: string, keys: ConfigKeys][] = [
    ['filesystem', filesystemKeys],
    ['aws', awsKeys],
    ['azure', azureKeys],
    ['gcp', gcpKeys],
  ];
  for (const [provider, { required, optional }] of providers) {
    it(`has a row, with a type, for each setting that ${provider} takes, and for no other`, () => {
      const rows = documented(provider);
      const keys = [...required, ...optional].filter((key) => key !== 'bucket');
      assert.deepEqual([...rows.keys()].sort(), keys.sort());
      for (const [key, type] of rows) assert.notEqual(type, '', key);
    });
  }
});
