import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { object } from '../support/objects.ts';
import { createEnvironment, type Environment } from '../end-to-end/environment.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const examples = ['ci-job.ts', 'routes.ts', 'backup-service.ts'];

describe('the package, in an empty project', function () {
  this.timeout(300_000);
  let environment: Environment;
  let project: string;
  let worker: ChildProcess | undefined;

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'bowline-package-'));
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const { stdout } = await run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', project], {
      cwd: root,
    });
    const packed = JSON.parse(stdout) as { filename: string }[];
    const others = ['express', '@types/express', '@types/node'].map((name) => [name, devDependencies[name]] as const);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({
        type: 'module',
        private: true,
        dependencies: { bowline: `file:${packed[0]?.filename}`, ...Object.fromEntries(others) },
      }),
    );
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project });
    for (const file of examples) copyFileSync(join(root, 'examples/client', file), join(project, file));
    environment = await createEnvironment('package');
  });

  after(async () => {
    worker?.kill('SIGKILL');
    await environment?.stop();
    rmSync(project, { recursive: true, force: true });
  });

  it('has all the types that programs need which use it', async () => {
    const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: true };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: examples }));
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(
      ({ stdout }: { stdout: string }) => assert.fail(stdout),
    );
  });

  it('runs a worker, and a program that has it back up a namespace', async () => {
    const namespaces = (await environment.kubernetes.discover()).find('namespaces')!;
    await environment.kubernetes.create(namespaces, object('v1 Namespace', 'package-app'));
    const bundle = join(project, 'node_modules/bowline/lib/workflow-bundle.js');
    const env = { ...process.env, BOWLINE_CONFIG: environment.configuration, BOWLINE_TEMPORAL_WORKFLOW_BUNDLE: bundle };
    const bowline = join(project, 'node_modules/.bin/bowline');
    worker = spawn(bowline, ['worker'], { cwd: project, env, stdio: 'ignore' });
    const { stdout } = await run(process.execPath, ['ci-job.ts', 'packed', 'package-app'], { cwd: project, env });
    assert.match(stdout, /^packed is Completed: \d+ items, 0 warnings, 0 errors$/m);
    const ended = once(worker, 'exit');
    worker.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
