// `npm run --silent sbom`: prints the bill of materials of what is shipped, in CycloneDX. npm's own `--omit dev` leaves out whatever a tool of
// ours needs as well, such as all of Temporal's SDK; so it lists everything, and what it marks as development only is taken out here.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Bill {
  readonly metadata: { readonly component: { name: string; readonly 'bom-ref': string } };
  components: Component[];
  dependencies: { readonly ref: string; dependsOn: string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
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
// npm takes the folder's name.
bill.metadata.component.name = (JSON.parse(readFileSync('package.json', 'utf8')) as { name: string }).name;
bill.components = bill.components.filter(
  ({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
);
const shipped = new Set([
  bill.metadata.component['bom-ref'],
  ...bill.components.map((component) => component['bom-ref']),
]);
bill.dependencies = bill.dependencies
  .filter(({ ref }) => shipped.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => shipped.has(needed)) }));
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
