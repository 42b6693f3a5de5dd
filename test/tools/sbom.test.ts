import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Locked {
  readonly version: string;
  readonly dev?: true;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly object[];
}

describe('npm run sbom', () => {
  it('lists what is shipped, each with its version, licence and digest, and nothing else', async function () {
    this.timeout(60_000);
    const { stdout } = await promisify(execFile)(process.execPath, ['tools/sbom.ts'], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    });
    const { bomFormat, metadata, components } = JSON.parse(stdout) as {
      bomFormat: string;
      metadata: { component: { name: string } };
      components: Component[];
    };
    assert.deepEqual([bomFormat, metadata.component.name], ['CycloneDX', 'bowline']);

    const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
      packages: Record<string, Locked>;
    };
    const shipped = Object.entries(packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { version }]) => `${path.split('node_modules/').at(-1)} ${version}`);
    const listed = components.map(({ name, version }) => `${name} ${version}`);
    assert.deepEqual([...new Set(listed)].sort(), [...new Set(shipped)].sort());
    const withoutDigest = components.filter(({ hashes = [] }) => hashes.length === 0);
    const withoutLicence = components.filter(({ licenses = [] }) => licenses.length === 0);
    assert.deepEqual(
      withoutDigest.map(({ name }) => name),
      [],
    );
    // Its licence, the Unlicense, is in its files, and not in what npm reads.
    assert.deepEqual(
      withoutLicence.map(({ name }) => name),
      ['unionfs'],
    );
  });
});
