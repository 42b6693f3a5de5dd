import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importsOf, refusedImports, type Row } from './support/imports.ts';

/**
 * Who may import what. By it a workflow does no I/O, an item action is a pure value, a store knows no Kubernetes, the format
 * knows no store, the command line needs no worker, and each provider's SDK is loaded by those who use it.
 */
const table: Readonly<Record<string, Row>> = {
  'api/': {},
  'selection/': { values: 'api/' },
  'backup-format/': { values: 'api/ tar-stream tar/ node:crypto node:stream node:stream/promises node:util node:zlib' },
  'kubernetes/': { values: 'api/ @kubernetes/client-node undici node:' },
  'kubernetes/exec.ts': { values: 'api/ ws node:' },
  'plugins/': { values: 'api/ p-limit node:', types: 'selection/ kubernetes/' },
  'plugins/configured-item-actions.ts': { values: 'api/ selection/' },
  'plugins/item-action-module.ts': { values: 'api/ node:', lazily: 'a-computed-name' },
  'plugins/pod-volume-backups.ts': { values: 'api/ kubernetes/label-value.ts' },
  'plugins/restore-item-actions/init-restore-hook.ts': { values: 'api/ selection/ node:crypto' },
  'plugins/security-context.ts': { values: 'api/ yaml' },
  'plugins/azure-credentials.ts': { values: 'node:', types: '@azure/identity', lazily: '@azure/identity' },
  'plugins/object-stores/aws.ts': { values: 'api/ node:', types: '@aws-sdk/' },
  'plugins/object-stores/aws-client.ts': { values: 'api/', types: '@aws-sdk/', lazily: '@aws-sdk/' },
  'modifiers/': { values: 'api/ selection/ re2js yaml' },
  'plugins/object-stores/azure-client.ts': { types: '@azure/storage-blob', lazily: '@azure/storage-blob' },
  'plugins/object-stores/azure-upload.ts': { values: 'node:', types: '@azure/storage-blob' },
  'plugins/google-credentials.ts': { values: 'node:', types: 'google-auth-library', lazily: 'google-auth-library' },
  'plugins/object-stores/gcp-client.ts': {
    values: 'api/ node:',
    types: '@google-cloud/storage',
    lazily: '@google-cloud/storage',
  },
  'plugins/object-stores/gcp.ts': { values: 'api/ node:', types: '@google-cloud/storage' },
  'plugins/aws-credentials.ts': {
    types: '@aws-sdk/credential-provider-ini',
    lazily: '@aws-sdk/credential-provider-ini',
  },
  'plugins/volume-snapshotters/aws.ts': { values: 'api/', types: '@aws-sdk/client-ec2' },
  'plugins/volume-snapshotters/aws-api.ts': { values: 'api/', types: '@aws-sdk/client-ec2' },
  'plugins/volume-snapshotters/aws-client.ts': { types: '@aws-sdk/client-ec2', lazily: '@aws-sdk/client-ec2' },
  'plugins/volume-snapshotters/aws-tags.ts': { types: '@aws-sdk/client-ec2' },
  'plugins/volume-snapshotters/azure.ts': { values: 'api/', types: '@azure/arm-compute' },
  'plugins/volume-snapshotters/azure-client.ts': {
    values: 'api/',
    types: '@azure/arm-compute',
    lazily: '@azure/arm-compute',
  },
  'activities/': {
    values:
      'api/ selection/ modifiers/ backup-format/ kubernetes/ plugins/ @temporalio/activity @temporalio/common p-limit node:',
    types: '@temporalio/worker',
  },
  'activities/resource-policies.ts': { values: 'api/ selection/ plugins/quantity.ts yaml' },
  'workflows/': { values: 'api/ selection/ @temporalio/workflow @temporalio/common', types: 'activities/' },
  'metrics/': {
    values: 'api/ backup-format/ p-limit node:stream/consumers',
    types: 'plugins/ @temporalio/client',
  },
  'client/': {
    values:
      'api/ codec.ts config.ts search-attributes.ts temporal-connection.ts tracing/load-tracing.ts backup-format/ plugins/registry.ts workflows/messages.ts @temporalio/client p-limit node:',
    types: 'plugins/ tracing/ workflows/',
  },
  'client/schedule-definition.ts': { values: 'api/ selection/', types: '@temporalio/client' },
  'client/setup.ts': { values: 'api/ search-attributes.ts', types: '@temporalio/client' },
  'cli/': { values: 'api/ config.ts selection/ client/ cli-progress cli-table3 commander yaml node:' },
  'cli/case-cluster.ts': { values: 'api/ selection/', types: 'plugins/' },
  'cli/case-writer.ts': { values: 'api/', types: 'plugins/' },
  'cli/item-action-case.ts': { values: 'api/ plugins/' },
  'cli/item-actions.ts': { values: 'plugins/', types: 'client/' },
  'cli/commands/action.ts': {
    values: 'commander node:fs/promises node:stream/consumers',
    types: 'client/ plugins/',
    lazily: 'kubernetes/',
  },
  'cli/commands/codec-server.ts': {
    values: 'api/ commander node:events node:fs/promises',
    lazily: 'codec.ts codec-server.ts',
  },
  'cli/cluster-items.ts': { values: 'api/ selection/', types: 'client/ kubernetes/' },
  'cli/cluster.ts': { types: 'client/ kubernetes/', lazily: 'kubernetes/' },
  'cli/commands/diff.ts': { values: 'commander', types: 'client/' },
  'cli/commands/doctor.ts': { values: 'commander' },
  'cli/doctor.ts': { values: 'api/', types: 'client/ kubernetes/' },
  'cli/commands/worker.ts': { values: 'api/ config.ts client/ commander', lazily: 'worker.ts' },
  'log/': { values: 'pino', types: '@temporalio/worker' },
  'tracing/': {
    values:
      'api/ @opentelemetry/ @temporalio/interceptors-opentelemetry/lib/client/ @temporalio/interceptors-opentelemetry/lib/worker/',
    types:
      '@temporalio/client @temporalio/interceptors-opentelemetry/lib/workflow/ @temporalio/worker @temporalio/workflow',
  },
  'tracing/load-tracing.ts': { types: 'api/', lazily: 'tracing/' },
  'workflows/traced.ts': {
    values: '@opentelemetry/api @temporalio/interceptors-opentelemetry/lib/workflow/',
    types: '@temporalio/workflow',
  },
  'workflow-code.ts': { values: 'api/ node:', types: '@temporalio/worker' },
  'codec-server.ts': { values: 'api/ http-listener.ts @temporalio/proto node:', types: '@temporalio/common' },
  'codec.ts': { values: 'api/ @temporalio/proto node:', types: '@temporalio/common' },
  'config.ts': {
    values:
      'api/ config-item-actions.ts config-notifications.ts config-section.ts config-tracing.ts temporal-profile.ts yaml node:fs/promises node:os node:path',
  },
  'config-item-actions.ts': { values: 'api/', types: 'config-section.ts' },
  'config-notifications.ts': { values: 'api/', types: 'config-section.ts' },
  'config-section.ts': { values: 'api/' },
  'config-tracing.ts': { types: 'api/ config-section.ts' },
  'health.ts': { values: 'http-listener.ts metrics/ node:', types: 'api/' },
  'http-listener.ts': { values: 'api/ node:' },
  'search-attributes.ts': { types: '@temporalio/client' },
  'signed-files.ts': { values: 'api/ http-listener.ts plugins/ node:' },
  'temporal-connection.ts': { types: 'api/' },
  'temporal-profile.ts': { values: 'api/ @temporalio/envconfig' },
  'worker.ts': {
    values:
      'api/ codec.ts config.ts health.ts kubernetes/ log/ metrics/ plugins/ activities/ search-attributes.ts signed-files.ts temporal-connection.ts tracing/load-tracing.ts workflow-code.ts @temporalio/client @temporalio/worker node:',
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const found = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: ['**/node_modules', 'lib', '.git'] }).sort();
const sources = found('src/**/*.ts');
const scripts = found('{src,test,tools}/**/*.{ts,mjs}');

describe('imports', () => {
  it('are those that the table allows', () => {
    assert.deepEqual(
      sources.flatMap((file) => refusedImports(table, file.slice('src/'.length), read(file))),
      [],
    );
  });

  it('are told apart by how they are taken', () => {
    const text = [
      "import fs from 'node:fs';",
      "import './effect.ts';",
      "import type { A } from '../api/a.ts';",
      "import {\n  b,\n  type B,\n} from '../api/b.ts';",
      "export type * from '../api/c.ts';",
      "export { d } from './d.ts';",
      "type E = typeof import('e');",
      "const f = await import('f');",
      'const g = await import(name);',
      " * import { inADocstring } from './h.ts';",
      "export const from = 'i';",
    ].join('\n');
    assert.deepEqual(importsOf('cli/x.ts', text), [
      { to: 'node:fs', kind: 'value' },
      { to: 'cli/effect.ts', kind: 'value' },
      { to: 'api/a.ts', kind: 'type' },
      { to: 'api/b.ts', kind: 'value' },
      { to: 'api/c.ts', kind: 'type' },
      { to: 'cli/d.ts', kind: 'value' },
      { to: 'e', kind: 'type' },
      { to: 'f', kind: 'lazy' },
      { to: 'a-computed-name', kind: 'lazy' },
    ]);
  });

  const refused = [
    { file: 'workflows/x.ts', text: "import { a } from '../activities/a.ts';" },
    { file: 'workflows/x.ts', text: "import { readFile } from 'node:fs/promises';" },
    { file: 'plugins/x.ts', text: "import { connect } from '../kubernetes/http-client.ts';" },
    { file: 'plugins/object-stores/x.ts', text: "import type { S3Client } from '@aws-sdk/client-s3';" },
    { file: 'plugins/object-stores/aws-client.ts', text: "import { S3Client } from '@aws-sdk/client-s3';" },
    { file: 'client/x.ts', text: "import type { KubernetesClient } from '../kubernetes/client.ts';" },
    { file: 'client/x.ts', text: "import { backup } from '../workflows/backup.ts';" },
    { file: 'cli/commands/x.ts', text: "await import('../../worker.ts');" },
    { file: 'cli/commands/worker.ts', text: "import { runWorker } from '../../worker.ts';" },
    { file: 'novel/x.ts', text: '' },
  ];
  for (const { file, text } of refused) {
    it(`are refused: ${file}: ${text || 'a folder that the table does not know'}`, () => {
      const [problem = '', ...others] = refusedImports(table, file, text);
      assert.ok(problem.startsWith(`src/${file}: `), problem);
      assert.deepEqual(others, []);
    });
  }
});

describe('files', () => {
  it('have 300 lines at most, but for tests', () => {
    const lines = (file: string): number => read(file).trimEnd().split('\n').length;
    assert.deepEqual(
      found('{src,tools}/**/*.{ts,mjs}')
        .filter((file) => lines(file) > 300)
        .map((file) => `${file}: ${lines(file)} lines`),
      [],
    );
  });

  it('are named for what they hold', () => {
    const vague = /(^|[/.-])(utils?|common|helpers?|misc|shared)([/.-]|$)/;
    assert.deepEqual(
      scripts.filter((file) => vague.test(file)),
      [],
    );
  });

  it('leave the environment to config.ts', () => {
    assert.deepEqual(
      sources.filter((file) => read(file).includes('process.env')),
      ['src/config.ts'],
    );
  });

  it('say of everything they export what it is', () => {
    assert.deepEqual(
      sources.flatMap((file) => undocumented(read(file)).map((name) => `${file}: ${name}`)),
      [],
    );
    assert.deepEqual(undocumented('export type { A };\n/** B. */\nexport const b = 1;\nexport async function c() {}'), [
      'c',
    ]);
  });

  it('name no package registry', () => {
    const hosts = ['registry npmjs org', 'registry yarnpkg com', 'npm pkg github com', 'pypi org', 'proxy golang org'];
    const named = new RegExp(hosts.map((host) => host.replaceAll(' ', '\\.')).join('|'));
    assert.deepEqual(
      found('{**,.*,.*/**}').filter((file) => statSync(`${root}${file}`).isFile() && named.test(read(file))),
      [],
    );
  });
});

describe('lock files', () => {
  for (const file of found('{,tools/**/}package-lock.json')) {
    it(`hold no address to load from: ${file}`, () => assert.ok(!read(file).includes('"resolved": "http')));
  }
});

/** The names that a text exports without a docstring in the line before, but for later signatures of a function. */
function undocumented(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('//'));
  const named = lines.map(
    (line) =>
      /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/.exec(
        line,
      )?.[1],
  );
  return named.filter(
    (name, index): name is string =>
      name !== undefined && named.indexOf(name) === index && !lines[index - 1]?.endsWith('*/'),
  );
}
