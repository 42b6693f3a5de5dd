import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startServer, type ServerOptions } from '../../../tools/stack/server.ts';
import { accepts, connected } from './connection.ts';
import { eventually } from './eventually.ts';

const fakeServer = fileURLToPath(new URL('./fake-server.mjs', import.meta.url));
const startingParent = fileURLToPath(new URL('./starting-parent.ts', import.meta.url));

describe('server of the stack', () => {
  let port: number;
  let folder: string;
  beforeEach(async () => {
    port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'bowline-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function fake(behaviour: string, ...rest: string[]): ServerOptions {
    return {
      name: 'fake',
      command: process.execPath,
      args: [fakeServer, behaviour, String(port), ...rest],
      folder,
      ready: () => accepts(port),
    };
  }

  it('has gone at once when it is killed, with what it has started, and its folder stays', async () => {
    const server = await startServer(fake('delegate'));
    await Promise.all([server.kill(), server.kill()]);
    await assert.rejects(accepts(port), { code: 'ECONNREFUSED' });
    assert.ok(existsSync(folder));
    await server.kill();
    await server.stop();
  });

  it('is up when its start resolves, and has gone with its folder when its stop does, however often it is stopped', async () => {
    const server = await startServer(fake('serve'));
    const { closed } = await connected(port);
    await Promise.all([server.stop(), server.stop()]);
    await closed;
    await assert.rejects(accepts(port), { code: 'ECONNREFUSED' });
    assert.equal(existsSync(folder), false);
    await server.stop();
  });

  it('takes with it, when it stops, what it started itself', async () => {
    const server = await startServer(fake('delegate'));
    const { closed } = await connected(port);
    await server.stop();
    await closed;
  });

  it('that does not become ready is stopped, and the error shows why and what it wrote', async () => {
    const deaf = {
      ...fake('serve'),
      async ready() {
        await eventually('it serves', () =>
          accepts(port).then(
            () => true,
            () => false,
          ),
        );
        throw new Error('not yet');
      },
      readyWithinMs: 1,
    };
    await assert.rejects(startServer(deaf), {
      message: 'fake was not ready after 0.001 s (not yet):\nserving, with no setting',
    });
    await assert.rejects(accepts(port), { code: 'ECONNREFUSED' });
    assert.equal(existsSync(folder), false);
  });

  const ends = [
    {
      title: 'that ends at once shows its exit code and its last 15 lines',
      behaviour: ['fail', '3'],
      shown: /^Error: fake ended with code 3:\n(line \d+\n?){15}$/,
    },
    {
      title: 'that is killed shows the exit code that a shell would',
      behaviour: ['die', 'SIGKILL'],
      shown: /^Error: fake ended with code 137:$/,
    },
  ];
  for (const { title, behaviour, shown } of ends) {
    it(title, async () => {
      const [name = '', ...rest] = behaviour;
      await assert.rejects(startServer(fake(name, ...rest)), shown);
      assert.equal(existsSync(folder), false);
    });
  }

  it('whose program is missing shows that', async () => {
    const absent = { ...fake('serve'), command: join(folder, 'absent') };
    await assert.rejects(startServer(absent), /^Error: fake ended with code 127:\n.*absent: spawn .*absent ENOENT$/);
    assert.equal(existsSync(folder), false);
  });

  const deaths = [
    {
      title: 'ends, and its folder goes, when its parent is killed',
      kill: (pid: number) => process.kill(pid, 'SIGKILL'),
    },
    {
      title: "ends, and its folder goes, with a terminal's Ctrl-C",
      kill: (pid: number) => process.kill(-pid, 'SIGINT'),
    },
  ];
  for (const { title, kill } of deaths) {
    it(title, async () => {
      const parent = spawn(process.execPath, [startingParent, String(port), folder], {
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout, 'data');
      const { closed } = await connected(port);
      assert.equal(existsSync(folder), true);
      kill(parent.pid!);
      await closed;
      await eventually('the folder is removed', () => !existsSync(folder));
    });
  }

  it('may listen on a free port', async () => {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });
});
