// `npm run --silent sbom`: prints the bill of materials of what is shipped, in CycloneDX. npm's own `--omit dev` leaves out whatever a tool of
// ours needs as well, such as all of Temporal's SDK; so it lists everything, and what the lock file marks as development only is taken out here.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Bill {
  readonly metadata: { readonly component: { name: string; readonly 'bom-ref': string } };
  components: Component[];
  dependencies: { readonly ref: string; dependsOn: string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

// By the lock file, whatever is installed.
const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
const { status, stdout } = spawnSync('npm', args, {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
  shell: process.platform === 'win32',
});
if (status !== 0) process.exit(status ?? 1);

const bill = JSON.parse(stdout) as Bill;
// npm tells one of several copies alone, which may be the one that only tools need.
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, { readonly version: string; readonly dev?: true }>>;
};
const needed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`),
);
// npm takes the folder's name.
bill.metadata.component.name = (JSON.parse(readFileSync('package.json', 'utf8')) as { name: string }).name;
bill.components = bill.components
  .filter(({ name, version }) => needed.has(`${name}@${version}`))
  .map(({ properties = [], ...component }) => ({
    ...component,
    properties: properties.filter(({ name }) => name !== 'cdx:npm:package:development'),
  }));
const shipped = new Set([
  bill.metadata.component['bom-ref'],
  ...bill.components.map((component) => component['bom-ref']),
]);
bill.dependencies = bill.dependencies
  .filter(({ ref }) => shipped.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => shipped.has(needed)) }));
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
