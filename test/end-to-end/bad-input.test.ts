import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { WorkflowFailedError } from '@temporalio/client';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { pack } from 'tar-stream';
import { createApplication } from './application.ts';
import { createEnvironment, type CommandResult, type Environment } from './environment.ts';

interface BadCommand {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  /** All of these are told at once. */
  readonly says: readonly RegExp[];
}

const commands: readonly BadCommand[] = [
  {
    title: 'a name that is no DNS subdomain',
    args: ['backup', 'create', 'No_Good'],
    code: 2,
    says: [/name: expected a DNS subdomain .*"No_Good"/],
  },
  {
    title: 'an unknown location, both selectors and a bad duration',
    args: [
      'backup',
      'create',
      'three',
      '--storage-location',
      'nowhere',
      '-l',
      'a=b',
      '--or-selector',
      'c=d',
      '--ttl',
      'soon',
    ],
    code: 2,
    says: [
      /spec.storageLocation: no location is named nowhere; known are: default, archive/,
      /at most one of the two/,
      /spec.ttl: expected a duration .*"soon"/,
    ],
  },
  {
    title: 'a read-only location',
    args: ['backup', 'create', 'locked', '--storage-location', 'archive'],
    code: 1,
    says: [/location archive is read-only/],
  },
  {
    title: 'a taken name',
    args: ['backup', 'create', 'taken'],
    code: 1,
    says: [/backups\/taken\/velero-backup\.json is there: choose another name/],
  },
  {
    title: 'a restore from a backup that is not there',
    args: ['restore', 'create', 'r', '--from-backup', 'absent'],
    code: 1,
    says: [/no backup of that name in the storage locations \(default, archive\)/],
  },
  {
    title: 'a restore from a tarball that was cut off',
    args: ['restore', 'create', 'half', '--from-backup', 'half-written', '--wait'],
    code: 1,
    says: [/half-written\.tar\.gz holds \d+ bytes, its index says \d+/],
  },
  {
    title: 'a restore from a hostile tarball',
    args: ['restore', 'create', 'hostile', '--from-backup', 'hostile', '--wait'],
    code: 1,
    says: [/entry "resources\/\.\.\/\.\.\/etc\/passwd": a path that no backup has/],
  },
  {
    title: 'the deletion of a backup that is not there',
    args: ['backup', 'delete', 'absent', '--confirm'],
    code: 1,
    says: [/nothing of that name/],
  },
  {
    title: 'the description of a backup that is not there',
    args: ['backup', 'describe', 'absent'],
    code: 1,
    says: [/absent/],
  },
  {
    title: 'an unknown flag',
    args: ['backup', 'create', 'x', '--include-namespace', 'shop'],
    code: 2,
    says: [/unknown option '--include-namespace'/],
  },
];

describe('bad input', function () {
  this.timeout(60_000);
  let environment: Environment;
  let keysBefore: string[];
  const outcomes = new Map<string, Promise<CommandResult>>();
  const unreachable = new Map<string, Promise<CommandResult>>();

  before(async () => {
    environment = await createEnvironment('bad-input', {
      settings: ({ backupStorageLocations: [usual] }) => ({
        backupStorageLocations: [
          usual,
          {
            ...usual,
            name: 'archive',
            default: false,
            accessMode: 'ReadOnly',
            objectStorage: { bucket: 'bad-input', prefix: 'archive' },
          },
        ],
        outOfReachTimeout: '1s',
      }),
    });
    const application = await createApplication(environment.kubernetes, 'bad-input', environment.folder);
    environment.startWorker();
    const spec = { includedNamespaces: [application.namespace], snapshotVolumes: false };
    for (const name of ['taken', 'half-written', 'hostile']) await environment.run('backup', { name, spec });
    await truncate(environment, 'half-written');
    await replaceByHostile(environment, 'hostile');
    keysBefore = await environment.keys();
    for (const { title, args } of commands) outcomes.set(title, environment.bowline(...args));
    for (const server of ['api', 's3'] as const) unreachable.set(server, backUpWithout(server));
  });

  after(async () => {
    await Promise.allSettled([...outcomes.values(), ...unreachable.values()]);
    await environment.stop();
  });

  for (const { title, code, says } of commands) {
    it(`is told of by the command line: ${title}`, async () => {
      const outcome = await outcomes.get(title)!;
      for (const words of says) assert.match(outcome.text, words);
      assert.equal(outcome.code, code, outcome.text);
    });
  }

  it('fails the workflow with all problems at once, in the message and one by one in the details', async () => {
    const spec = {
      includedNamespaces: 'shop',
      colour: 'red',
      snapshotVolumes: 'yes',
      orLabelSelectors: [{ matchLabels: { a: 1 } }],
    };
    const failure = await failureOf(environment.run('backup', { name: 'wrong-types', spec }));
    assert.equal(failure.type, 'InvalidSpec');
    const [problems] = failure.details as [string[]];
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['spec.includedNamespaces', 'spec.colour', 'spec.snapshotVolumes', 'spec.orLabelSelectors[0].matchLabels.a'],
    );
    assert.equal(failure.message, problems.join('; '));
  });

  it('refuses a workflow id that does not match the name', async () => {
    const { temporal, name } = environment;
    const run = temporal.workflow.execute('backup', {
      taskQueue: name,
      workflowId: 'my-backup',
      args: [{ name: 'mine' }],
    });
    assert.match((await failureOf(run)).message, /workflow id: expected backup\/mine, got my-backup/);
  });

  it('refuses an argument that is no object', async () => {
    const { temporal, name } = environment;
    const run = temporal.workflow.execute('backup', { taskQueue: name, workflowId: 'backup/none', args: ['shop'] });
    assert.match((await failureOf(run)).message, /input: expected \{"name": "…", "spec": \{…\}\}, got string/);
  });

  it('leaves nothing half-done behind', async () => {
    await Promise.all(outcomes.values());
    const keys = await environment.keys();
    const left = keys.filter((key) => !keysBefore.includes(key));
    // A restore that began leaves its log, its results and its record, and nothing in staging.
    assert.deepEqual(
      left.filter((key) => !key.startsWith('restores/hostile/')),
      [],
    );
    assert.deepEqual(
      left,
      ['logs.gz', 'resource-list.json.gz', 'results.gz']
        .map((name) => `restores/hostile/restore-hostile-${name}`)
        .concat('restores/hostile/velero-restore.json'),
    );
  });

  for (const [server, says] of [
    ['api', /no answer \(ECONNREFUSED\); tried for \d+ s/],
    ['s3', /ECONNREFUSED.*; tried for \d+ s/],
  ] as const) {
    it(`ends with what came back when a server stays out of reach: ${server}`, async () => {
      const outcome = await unreachable.get(server)!;
      assert.equal(outcome.code, 1, outcome.text);
      assert.match(outcome.text, says);
    });
  }

  /** Backs up without the server, which takes a while; so it runs beside the other cases. */
  async function backUpWithout(server: 'api' | 's3'): Promise<CommandResult> {
    const other = await createEnvironment(`out-of-reach-${server}`, { settings: () => ({ outOfReachTimeout: '1s' }) });
    await other[server].stop();
    other.startWorker();
    const outcome = await other.bowline('backup', 'create', `unreachable-${server}`, '--wait');
    await other.stop();
    return outcome;
  }
});

async function failureOf(run: Promise<unknown>): Promise<{ type: string; message: string; details: unknown[] }> {
  try {
    await run;
  } catch (error) {
    return (error as WorkflowFailedError).cause as unknown as { type: string; message: string; details: unknown[] };
  }
  throw new assert.AssertionError({ message: 'expected the workflow to fail' });
}

/** Cuts the tarball off, as a store would that lost its end. */
async function truncate({ store }: Environment, name: string): Promise<void> {
  const { contents } = backupLayout(name);
  const chunks: Buffer[] = [];
  for await (const chunk of await store.getObject(contents)) chunks.push(chunk as Buffer);
  await store.putObject(contents, Buffer.concat(chunks).subarray(0, -100));
}

/** Puts a tarball in the place of the real one, and of its digest, that would write outside of any folder it is unpacked to. */
async function replaceByHostile({ store }: Environment, name: string): Promise<void> {
  const { contents, segments } = backupLayout(name);
  const archive = pack();
  archive.entry({ name: 'metadata/version' }, '1.1.0\n');
  archive.entry({ name: 'resources/../../etc/passwd' }, 'root::0:0');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  await store.putObject(contents, gzipSync(Buffer.concat(chunks)));
  await store.deleteObject(segments);
}
