import assert from 'node:assert/strict';
import type { RunNotification } from '../../src/api/notification.ts';
import { recordingServer, type RecordingServer } from '../support/recording-server.ts';
import { createEnvironment, type Environment } from './environment.ts';

/** Part of every URL: nobody but the receivers may see it. */
const canary = 'T0KEN-OF-THE-RECEIVER';

describe('the receivers of notifications', function () {
  this.timeout(180_000);
  let environment: Environment;
  let server: RecordingServer;
  let refusals = 1;

  before(async () => {
    server = await recordingServer(({ url }) => {
      if (url.startsWith('/gone')) return { status: 404, body: canary };
      return { status: refusals-- > 0 ? 503 : 200, body: canary };
    });
    environment = await createEnvironment('notifications', {
      settings: () => ({
        notifications: [
          { name: 'operators', url: `${server.url}/hook/${canary}` },
          { name: 'departed', url: `${server.url}/gone/${canary}`, phases: ['Completed'] },
          { name: 'deletions only', url: `${server.url}/deletions/${canary}`, kinds: ['Deletion'] },
        ],
      }),
    });
  });
  after(async () => {
    await environment.stop();
    server.close();
  });

  it('hear of a run once for all refusals, and nobody else hears of their addresses', async () => {
    const worker = environment.startWorker();
    const request = { name: 'told', spec: { includedNamespaces: ['default'] } };
    const handle = await environment.start('backup', request);
    await handle.result();

    const bodies = server.requests
      .filter(({ url }) => url === `/hook/${canary}`)
      .map(({ body }) => JSON.parse(body.toString()) as RunNotification);
    assert.equal(bodies.length, 2);
    assert.deepEqual(bodies[0], bodies[1]);
    const { id, kind, name, phase, location } = bodies[0]!;
    assert.equal(id, `Backup/${handle.firstExecutionRunId}/Completed`);
    assert.deepEqual([kind, name, phase, location], ['Backup', 'told', 'Completed', 'default']);
    assert.equal(server.requests.filter(({ url }) => url === `/gone/${canary}`).length, 1);
    assert.equal(server.requests.length, 3);

    const history = JSON.stringify(await handle.fetchHistory(), (_, value: unknown) =>
      isBytes(value) ? Buffer.from(value.data).toString() : value,
    );
    assert.match(history, /operators/);
    assert.ok(!history.includes(canary));
    assert.match(worker.output(), /notification could not be sent/);
    assert.ok(!worker.output().includes(canary));
    await assert.rejects(environment.run('backup', { name: 'No_Good' }));
    const refused = JSON.parse(server.requests.at(-1)!.body.toString()) as RunNotification;
    assert.deepEqual([refused.name, refused.phase], ['No_Good', 'FailedValidation']);
  });
});

/** As `JSON.stringify` hands over a Buffer. */
function isBytes(value: unknown): value is { readonly data: readonly number[] } {
  return (value as { type?: unknown } | null)?.type === 'Buffer';
}
