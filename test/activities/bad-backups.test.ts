import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Unpacked } from '../../src/activities/unpack-backup.ts';
import type { RestoreSpec } from '../../src/api/restore.ts';
import { backupLayout } from '../../src/backup-format/layout.ts';
import { sealed, segmentOf, tarballOf, tarOf, withHeaderField } from '../backup-format/tarballs.ts';
import { ActivityRunner } from '../support/activity-runner.ts';
import { holdBackup } from '../support/backup-in-store.ts';
import { object } from '../support/objects.ts';

const batch = { items: 500, bytes: 4_000_000 };
const { contents } = backupLayout('nightly');

const place = { groupResource: 'configmaps', version: 'v1', preferred: true, namespace: 'shop' };
const path = (name: string): string => `resources/configmaps/namespaces/shop/${name}.json`;
const body = (name: string): string => JSON.stringify(object('v1 ConfigMap', `shop/${name}`, { data: { a: name } }));
const good = ['a', 'b', 'c'].map((name) => ({ ...place, name, body: body(name) }));

/** 10 GiB, as binary tar headers have it. */
const tenGigabytes = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0]);

describe('a restore of a backup that is not whole and harmless', () => {
  let runner: ActivityRunner;

  beforeEach(async () => {
    runner = new ActivityRunner();
    await holdBackup(runner.store, 'nightly', []);
  });

  async function unpack(tarball: Buffer, spec: RestoreSpec = {}): Promise<Unpacked> {
    runner.store.objects.set(contents, tarball);
    const { run, plan } = await runner.prepareRestore(spec);
    return runner.run('unpackBackup', { run, plan, step: 'unpack-0', batch, staged: 0 });
  }

  const tarballs: readonly { title: string; make: () => Promise<Buffer>; message: RegExp }[] = [
    {
      title: 'cut short',
      make: async () => (await sealed([await segmentOf(good)])).subarray(0, -30),
      message: /unexpected end|without an end-of-archive/,
    },
    {
      title: 'with a flipped byte',
      async make() {
        const tarball = await sealed([await segmentOf(good)]);
        tarball[Math.floor(tarball.length / 2)]! ^= 0xff;
        return tarball;
      },
      message: /read tarball: /,
    },
    {
      title: 'with a path out of it',
      make: () =>
        tarballOf([
          { name: path('a'), body: body('a') },
          { name: 'resources/../../etc/passwd', body: 'x' },
        ]),
      message: /a path that no backup has/,
    },
    {
      title: 'with a link',
      make: () => tarballOf([{ name: path('a'), type: 'symlink', linkname: '/etc/passwd' }]),
      message: /is of type symlink/,
    },
    {
      title: 'with an entry of 10 GB',
      make: async () =>
        gzipSync(withHeaderField(await tarOf([{ name: path('a'), body: body('a') }]), 124, tenGigabytes)),
      message: /has a size of 10737418240; the limit is 16777216/,
    },
    { title: 'that is no tarball', make: async () => Buffer.from('no gzip at all'), message: /incorrect header check/ },
  ];
  for (const { title, make, message } of tarballs) {
    it(`fails for a tarball ${title}, before anything is applied`, async () => {
      await assert.rejects(unpack(await make()), { type: 'CorruptBackup', nonRetryable: true, message });
    });
  }

  it('takes items by their names, whatever their order, and passes over what is none', async () => {
    const tarball = await tarballOf([
      { name: path('b'), body: body('b') },
      { name: 'metadata/version', body: '9.9.9\n' },
      { name: path('a'), body: '{' },
      { name: path('c'), body: body('other') },
      { name: path('d'), body: 'null' },
    ]);
    const { selected, report } = await unpack(tarball);
    assert.deepEqual(selected, { configmaps: 1, namespaces: 1 });
    assert.deepEqual(runner.complaints(report), [
      'error configmaps/shop/a: Item in the backup is no JSON',
      'error configmaps/shop/c: Item in the backup is no Kubernetes object of that name',
      'error configmaps/shop/d: Item in the backup is no Kubernetes object of that name',
    ]);
  });
});
