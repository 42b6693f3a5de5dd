import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../tools/bench/worker-environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const [, last = ''] = lines
    .join('\n')
    .split(/^FROM .*$/m)
    .slice(1);

  it('copies what is there, and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = lines
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(' ').slice(1, -1));
    assert.deepEqual(copied.sort(), allowed.sort());
    for (const file of copied) assert.ok(existsSync(join(root, file)), file);
  });

  it('sets what the bench sets for its workers', () => {
    const variables = [...last.matchAll(/^ENV (\w+)="?(.*?)"?$/gm)].map(([, name, value]) => [name, value]);
    assert.deepEqual(Object.fromEntries(variables), { NODE_ENV: 'production', ...workerEnvironment });
  });

  it('runs the prebuilt package as a user without rights, under the name of the command', () => {
    assert.match(last, /^COPY --from=build \/bowline\/lib lib$/m);
    assert.match(last, /^USER 1000:1000$/m);
    assert.match(last, /ln -s \/bowline\/lib\/cli\/main\.js \/usr\/local\/bin\/bowline/);
    assert.match(last, /^ENTRYPOINT \["bowline"\]\nCMD \["worker"\]$/m);
  });
});
