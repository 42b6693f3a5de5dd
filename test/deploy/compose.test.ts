import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { findBinary } from '../../tools/stack/binaries.ts';
import { findDockerCompose } from '../../tools/stack/debian.ts';
import { freePort } from '../../tools/stack/server.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { kubernetesServer, temporalServer } from '../support/servers.ts';
import { eventually } from '../tools/stack/eventually.ts';
import { buildPackage } from './built-package.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Service {
  readonly image?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: string | readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly restart: string;
  readonly ports?: readonly (string | { readonly host_ip?: string })[];
  readonly stop_grace_period?: string;
  readonly volumes?: readonly unknown[];
}

describe('the composition', function () {
  this.timeout(120_000);
  let services: Readonly<Record<string, Service>>;

  before(async function () {
    // The packages may have to be installed.
    this.timeout(600_000);
    const [command, ...args] = await findDockerCompose();
    const { stdout } = await run(command, [...args, '-f', join(root, 'docker-compose.yml'), 'config'], { cwd: root });
    ({ services } = parse(stdout) as { services: Readonly<Record<string, Service>> });
  });

  it('is taken by docker compose, and holds what a worker needs', () => {
    assert.deepEqual(Object.keys(services).sort(), ['postgres', 's3', 'temporal', 'temporal-ui', 'worker']);
  });

  it('tells of each service whether it is healthy, and waits for those that another needs', () => {
    for (const [name, { healthcheck, restart, depends_on = {} }] of Object.entries(services)) {
      assert.ok(healthcheck.test.length > 1, name);
      assert.equal(restart, 'unless-stopped', name);
      for (const { condition } of Object.values(depends_on)) assert.equal(condition, 'service_healthy', name);
    }
  });

  it('is open to this machine alone', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    assert.ok(published.length > 0);
    for (const port of published)
      assert.ok(typeof port === 'string' ? port.startsWith('127.0.0.1:') : port.host_ip === '127.0.0.1');
  });

  it('gives workers a kubeconfig to read, and longer to stop than they take', () => {
    const { volumes = [], environment, stop_grace_period: grace = '' } = services['worker']!;
    const mounted = JSON.stringify(volumes);
    assert.ok(mounted.includes(environment['KUBECONFIG']!), mounted);
    assert.ok(mounted.includes(environment['BOWLINE_CONFIG']!), mounted);
    assert.ok(Number.parseInt(grace, 10) > 30, grace);
  });

  describe('as processes of this machine, with a Temporal dev server', () => {
    const folder = temporaryFolder();
    const started: ChildProcess[] = [];
    let s3Port: number;
    let main: string;
    let workers: { readonly child: ChildProcess; readonly health: number; readonly metrics: number }[];

    before(async function () {
      this.timeout(300_000);
      main = await buildPackage();
      s3Port = await freePort();
      workers = [];
    });
    after(() => started.forEach((child) => child.kill('SIGKILL')));

    function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
      const child = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' });
      started.push(child);
      return child;
    }

    /** A service's own health check, on the ports that it has here. */
    async function isHealthy(service: string, ports: Readonly<Record<number, number>>): Promise<boolean> {
      const [, command, ...args] = services[service]!.healthcheck.test as [string, string, ...string[]];
      const here = args.map((arg) =>
        arg.replace(/127\.0\.0\.1:(\d+)/, (_, port: string) => `127.0.0.1:${ports[Number(port)]}`),
      );
      if (command !== 'wget')
        return run(command, here).then(
          () => true,
          () => false,
        );
      return fetch(here.at(-1)!).then(
        ({ ok }) => ok,
        () => false,
      );
    }

    /** The worker's environment and configuration, but for the addresses, which are names in the composition. */
    async function environmentOf(health: number, metrics: number): Promise<NodeJS.ProcessEnv> {
      const [{ address }, { kubeconfig }] = [await temporalServer(), await kubernetesServer()];
      const file = join(folder, 'bowline.yaml');
      const written = readFileSync(join(root, 'deploy/compose/bowline.yaml'), 'utf8');
      assert.ok(written.includes('http://s3:7070'));
      writeFileSync(file, written.replaceAll('http://s3:7070', `http://127.0.0.1:${s3Port}`));
      return {
        ...services['worker']!.environment,
        BOWLINE_CONFIG: file,
        KUBECONFIG: kubeconfig,
        TEMPORAL_ADDRESS: address,
        BOWLINE_TEMPORAL_TASK_QUEUE: 'composition',
        BOWLINE_HEALTH_LISTEN: `127.0.0.1:${health}`,
        BOWLINE_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      };
    }

    it('starts the S3 server, with a bucket', async () => {
      const { entrypoint = [], command = [], environment } = services['s3']!;
      const programs = join(folder, 'bin');
      mkdirSync(programs);
      symlinkSync(await findBinary('versitygw'), join(programs, 'versitygw'));
      const line = [command]
        .flat()
        .join(' ')
        .replaceAll('/s3/', `${folder}/s3/`)
        .replace(':7070', `127.0.0.1:${s3Port}`);
      const [shell, ...flags] = entrypoint as [string, ...string[]];
      const PATH = [programs, process.env['PATH']].join(delimiter);
      start(shell, [...flags, line], { ...environment, PATH });
      await eventually('the S3 server is healthy', () => isHealthy('s3', { 7070: s3Port }));
    });

    it("has Temporal's UI where its health check looks", async () => {
      const { uiUrl } = await temporalServer();
      await eventually('the UI is healthy', () => isHealthy('temporal-ui', { 8080: Number(new URL(uiUrl).port) }));
    });

    it('starts two workers from the prebuilt package, which become healthy and show their metrics', async () => {
      for (const _ of [1, 2]) {
        const [health, metrics] = [await freePort(), await freePort()];
        const child = start(process.execPath, [main, 'worker'], await environmentOf(health, metrics));
        workers.push({ child, health, metrics });
      }
      for (const { health, metrics } of workers) {
        await eventually('a worker is healthy', () => isHealthy('worker', { 8081: health }));
        const shown = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
        assert.match(shown, /^temporal_num_pollers\{.*task_queue="composition"/m);
      }
    });

    it('backs up, as the first lines of the file say', async () => {
      assert.match(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), /worker backup create first/);
      const env = { PATH: dirname(process.execPath), ...(await environmentOf(1, 1)) };
      const args = [main, 'backup', 'create', 'first', '--include-namespaces', 'default', '--wait'];
      await run(process.execPath, args, { env });
      const { stdout } = await run(process.execPath, [main, 'backup', 'get'], { env });
      assert.match(stdout, /first +Completed/);
    });

    it('lets workers end what they have begun, not ready any more, and ends them', async () => {
      for (const { child, health } of workers) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        assert.deepEqual(await ended, [0, null]);
        assert.equal(await isHealthy('worker', { 8081: health }), false);
      }
    });
  });
});
