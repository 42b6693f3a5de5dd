import assert from 'node:assert/strict';
import type { DryRun, PlannedChange } from '../../src/client/index.ts';
import { resultOf, runCli } from './fake-cli.ts';

const about = { groupResource: 'configmaps', namespace: 'shop' };
const changes: readonly PlannedChange[] = [
  { ...about, action: 'create', name: 'a' },
  { ...about, action: 'update', name: 'b', fields: ['data.colour', 'metadata.labels.app'] },
  { ...about, action: 'conflict', name: 'c', fields: ['data'], reason: 'it exists and differs' },
  { ...about, action: 'refused', name: 'd', webhook: 'policy.example.com', reason: 'no\nred \u001b[31mallowed' },
];

function answering(dryRun: Partial<DryRun>): { restores: object; asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    restores: {
      async dryRun(request: unknown) {
        asked.push(request);
        return { changes: [], complaints: [], result: resultOf('Completed'), ...dryRun };
      },
    },
  };
}

const args = ['restore', 'create', 'back', '--from-backup', 'shop-1', '--dry-run'];

describe('restore create --dry-run', () => {
  it('prints what would be done, and ends with 3 if something is refused', async () => {
    const client = answering({ changes, result: resultOf('PartiallyFailed') });
    const { exitCode, out } = await runCli(args, client);
    assert.deepEqual(client.asked, [{ name: 'back', spec: { backupName: 'shop-1' } }]);
    assert.equal(exitCode, 3);
    assert.deepEqual(
      out.split('\n').map((line) => line.split(/ {2,}/)),
      [
        ['ACTION', 'RESOURCE', 'NAMESPACE', 'NAME', 'WHY'],
        ['create', 'configmaps', 'shop', 'a'],
        ['update', 'configmaps', 'shop', 'b', 'data.colour, metadata.labels.app'],
        ['conflict', 'configmaps', 'shop', 'c', 'data; it exists and differs'],
        ['refused', 'configmaps', 'shop', 'd', 'by webhook policy.example.com; no red allowed'],
        ['Dry run: create 1, update 1, conflict 1, refused 1. Nothing has been changed.'],
        [''],
      ],
    );
  });

  it('prints warnings and errors beside it', async () => {
    const complaint = { level: 'warning', message: 'Additional item is not in the backup' } as const;
    const item = { ...about, name: 'x' };
    const client = answering({ complaints: [{ ...complaint, item, error: 'gone' }, complaint] });
    const { exitCode, out, err } = await runCli(args, client);
    assert.deepEqual([exitCode, out], [0, 'Dry run: nothing to do. Nothing has been changed.\n']);
    assert.equal(
      err,
      'warning: configmaps/shop/x: Additional item is not in the backup: gone\nwarning: Additional item is not in the backup\n',
    );
  });

  it('prints it all as JSON or YAML', async () => {
    const client = answering({ changes });
    const { out } = await runCli([...args, '-o', 'json'], client);
    assert.deepEqual(JSON.parse(out), { changes, complaints: [], result: resultOf('Completed') });
    assert.match((await runCli([...args, '-o', 'yaml'], client)).out, /^changes:\n {2}- groupResource: configmaps\n/);
  });

  it('says that it waits where no worker answers', async () => {
    let answer: (dryRun: DryRun) => void = () => undefined;
    const restores = { dryRun: () => new Promise<DryRun>((resolve) => (answer = resolve)) };
    let err = '';
    const terminal = {
      out: () => undefined,
      color: false,
      err(text: string) {
        err += text;
        answer({ changes: [], complaints: [], result: resultOf('Completed') });
      },
    };
    await runCli(args, { restores }, { terminal });
    assert.equal(err, 'waiting for a worker to plan the restore\n');
  });
});
