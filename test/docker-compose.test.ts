import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseConfig } from '../src/config.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
}

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

describe('docker-compose.yml', () => {
  const { services, volumes } = parse(read('docker-compose.yml')) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  for (const [name, service] of Object.entries(services)) {
    describe(`service ${name}`, () => {
      it('is built here or is an image of a stated version', () => {
        if (service.build !== undefined) assert.ok(existsSync(path(`${service.build}/Dockerfile`)));
        else assert.match(service.image ?? '', /^[^:]+:v?\d/);
      });

      it('listens on the loopback only', () => {
        for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
      });

      it('mounts what is there', () => {
        for (const mount of service.volumes ?? []) {
          const source = mount.slice(0, mount.search(/:\//));
          if (source.startsWith('./')) assert.ok(existsSync(path(source)), source);
          else if (!source.startsWith('$')) assert.ok(source in volumes, source);
        }
      });

      it('depends on services that are there', () => {
        const wanted = service.depends_on ?? [];
        for (const one of wanted instanceof Array ? wanted : Object.keys(wanted)) assert.ok(one in services, one);
      });
    });
  }

  it('gives the worker a valid configuration that points at its neighbours', () => {
    const { environment = {}, volumes: mounts = [] } = services['worker']!;
    const mount = mounts.find((one) => one.includes(`:${environment['BOWLINE_CONFIG']}:`))!;
    const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)]));
    const config = parseConfig(read(mount.slice(0, mount.indexOf(':'))), { file: mount, env });
    assert.equal(config.kubernetes.kubeconfig, '/etc/bowline/kubeconfig');
    assert.ok(mounts.some((one) => one.includes(':/etc/bowline/kubeconfig:')));

    const [location] = config.backupStorageLocations;
    for (const address of [`http://${config.temporal.address}`, location!.config!['s3Url']!]) {
      const { hostname, port } = new URL(address);
      assert.ok(
        services[hostname]?.ports?.some((one) => one.endsWith(`:${port}`)),
        address,
      );
    }
  });
});

describe('Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through', () => {
    const admitted = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copies = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    assert.ok(copies.length > 0);
    for (const name of copies) {
      assert.ok(existsSync(path(name)), name);
      assert.ok(admitted.includes(`!${name}`), `${name} is ignored`);
    }
  });
});
