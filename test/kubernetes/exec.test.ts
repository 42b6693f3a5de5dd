import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ApiResource } from '../../src/api/api-resource.ts';
import type { ExecOptions, KubernetesClient } from '../../src/kubernetes/client.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { kubernetesServer, kwokServer } from '../support/servers.ts';
import { freePort } from '../../tools/stack/server.ts';
import { startExecServer, type ExecConnection, type ExecServer, type Reaction } from './exec-server.ts';
import { writeKubeconfig, type KubeconfigFile } from './kubeconfig-file.ts';

const pod = { namespace: 'shop', name: 'db' };
const options: ExecOptions = { container: 'main', command: ['sh', '-c', 'a & b'], timeoutMs: 20_000 };
const success = { status: 'Success' };

describe('exec', () => {
  let server: ExecServer;
  let kubeconfig: KubeconfigFile;
  let client: KubernetesClient;

  async function connectTo(url: string, user?: object): Promise<void> {
    kubeconfig = await writeKubeconfig(url, user);
    client = await connect({ kubeconfig: kubeconfig.path });
  }

  async function serve(react: (count: number) => Reaction, protocols?: readonly string[]): Promise<void> {
    server = await startExecServer(react, protocols);
    await connectTo(server.url);
  }

  const answering =
    (status: object): Reaction =>
    ({ end }) =>
      end(status);

  afterEach(async () => {
    await client.close();
    await server.close();
    await kubeconfig.remove();
  });

  it('asks for both outputs of one container, each word of the command by itself, with the token', async () => {
    await serve(() => answering(success));
    await client.exec(pod, options);
    const { url, headers } = server.requests[0]!;
    assert.equal(
      url,
      '/api/v1/namespaces/shop/pods/db/exec?container=main&stdout=true&stderr=true&command=sh&command=-c&command=a+%26+b',
    );
    assert.deepEqual(
      [headers.authorization, headers['sec-websocket-protocol']],
      ['Bearer secret-token', 'v5.channel.k8s.io,v4.channel.k8s.io'],
    );
  });

  it('authenticates by name and password, too', async () => {
    await serve(() => answering(success));
    await client.close();
    await kubeconfig.remove();
    await connectTo(server.url, { username: 'ada', password: 'secret' });
    await client.exec(pod, options);
    assert.equal(server.requests[0]?.headers.authorization, `Basic ${Buffer.from('ada:secret').toString('base64')}`);
  });

  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
    it(`resolves with outputs and end over ${protocol}`, async () => {
      const talk = ({ send, end }: ExecConnection): void => {
        send(1, '');
        send(1, 'out ');
        send(2, 'err');
        send(1, 'more');
        end(success);
      };
      await serve(() => talk, [protocol]);
      assert.deepEqual(await client.exec(pod, options), {
        ended: 'succeeded',
        exitCode: 0,
        stdout: 'out more',
        stderr: 'err',
      });
    });
  }

  const exitCause = { causes: [{ reason: 'ExitCode', message: '3' }] };
  const failures = [
    {
      title: 'an exit code',
      status: { status: 'Failure', reason: 'NonZeroExitCode', message: 'exit code 3', details: exitCause },
      outcome: { exitCode: 3, message: 'exit code 3' },
    },
    {
      title: 'a program that is not there',
      status: { status: 'Failure', reason: 'InternalError', message: 'executable file not found', details: {} },
      outcome: { message: 'executable file not found' },
    },
    {
      title: 'an exit code that is no number',
      status: { status: 'Failure', message: 'm', details: { causes: [{ reason: 'ExitCode', message: 'x' }] } },
      outcome: { message: 'm' },
    },
    { title: 'a failure without a word', status: {}, outcome: { message: 'the server did not say why' } },
  ];
  for (const { title, status, outcome } of failures) {
    it(`resolves with the failure of the command: ${title}`, async () => {
      await serve(() => answering(status));
      assert.deepEqual(await client.exec(pod, options), { ended: 'failed', ...outcome, stdout: '', stderr: '' });
    });
  }

  it('takes an end that is no JSON for a failure', async () => {
    const talk = ({ send, socket }: ExecConnection): void => {
      send(3, 'command terminated');
      socket.close(1000);
    };
    await serve(() => talk);
    const { ended, message } = await client.exec(pod, options);
    assert.deepEqual([ended, message], ['failed', 'command terminated']);
  });

  it('keeps the beginning and the end of a flood', async () => {
    const talk = ({ send, end }: ExecConnection): void => {
      send(1, 'first ');
      for (let index = 0; index < 1_000; index++) send(1, Buffer.alloc(32 * 1024, 'x'));
      send(1, ' last');
      end(success);
    };
    await serve(() => talk);
    const { stdout } = await client.exec(pod, options);
    assert.match(stdout, /^first x+\n\[\d+ bytes left out\]\nx+ last$/);
    assert.ok(stdout.length < 9_000, `${stdout.length} characters`);
  });

  it('resolves with what came until the time is up, and cuts the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const talk = ({ send, socket }: ExecConnection): void => {
      socket.on('close', () => closed.resolve());
      send(1, 'freezing');
    };
    await serve(() => talk);
    const outcome = await client.exec(pod, { ...options, timeoutMs: 300 });
    assert.deepEqual(outcome, { ended: 'timedOut', stdout: 'freezing', stderr: '' });
    await closed.promise;
  });

  it('resolves with an end that was told though the connection is not closed', async () => {
    const talk = ({ send }: ExecConnection): void => send(3, JSON.stringify(success));
    await serve(() => talk);
    const { ended } = await client.exec(pod, options);
    assert.equal(ended, 'succeeded');
  });

  it('rejects with Interrupted when it is aborted, and cuts the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const abort = new AbortController();
    const talk = ({ socket }: ExecConnection): void => {
      socket.on('close', () => closed.resolve());
      abort.abort();
    };
    await serve(() => talk);
    await assert.rejects(client.exec(pod, { ...options, signal: abort.signal }), { code: 'Interrupted' });
    await closed.promise;
  });

  it('sends nothing when it is aborted before', async () => {
    await serve(() => answering(success));
    await assert.rejects(client.exec(pod, { ...options, signal: AbortSignal.abort() }), { code: 'Interrupted' });
    assert.equal(server.requests.length, 0);
  });

  it('rejects with Interrupted when the connection breaks before the end', async () => {
    const talk = ({ socket }: ExecConnection): void => socket.terminate();
    await serve(() => talk);
    await assert.rejects(client.exec(pod, options), {
      code: 'Interrupted',
      message: /^exec in pods shop\/db: no end was told \(.+\); the command may have run$/,
    });
    assert.equal(server.requests.length, 1);
  });

  it('rejects with Interrupted for a frame that is too large', async () => {
    await serve(
      () =>
        ({ send }) =>
          send(1, Buffer.alloc(2 * 1024 * 1024)),
    );
    await assert.rejects(client.exec(pod, options), { code: 'Interrupted' });
  });

  const refusals = [
    { refuse: 404, code: 'NotFound', reason: 'NotFound' },
    { refuse: 400, code: 'InvalidItem', reason: 'BadRequest' },
    { refuse: 403, code: 'AccessDenied', reason: 'Forbidden' },
  ];
  for (const { refuse, code, reason } of refusals) {
    it(`rejects with ${code} when it is refused with ${refuse}, in the server's words`, async () => {
      await serve(() => ({ refuse, json: { reason, message: 'no, because' } }));
      await assert.rejects(client.exec(pod, options), {
        code,
        message: `exec in pods shop/db: ${refuse} ${reason}`,
        detail: 'no, because',
      });
      assert.equal(server.requests.length, 1);
    });
  }

  for (const refuse of [429, 503]) {
    it(`repeats a request that met ${refuse}, for nobody has taken it`, async () => {
      await serve((count) => (count === 1 ? { refuse } : answering(success)));
      assert.equal((await client.exec(pod, options)).ended, 'succeeded');
      assert.equal(server.requests.length, 2);
    });
  }

  for (const refuse of [500, 502, 504]) {
    it(`does not repeat a request that met ${refuse}: it may have been passed on`, async () => {
      await serve(() => ({ refuse }));
      await assert.rejects(client.exec(pod, options), { code: 'Interrupted' });
      assert.equal(server.requests.length, 1);
    });
  }

  it('repeats a request that reached nobody', async () => {
    await serve(() => answering(success));
    const port = await freePort();
    await client.close();
    await kubeconfig.remove();
    await connectTo(`http://127.0.0.1:${port}`);
    const outcome = client.exec(pod, options);
    outcome.catch(() => undefined);
    const forwarding = createServer((socket) => {
      socket.destroy();
      forwarding.close();
    });
    forwarding.listen(port, '127.0.0.1');
    await once(forwarding, 'connection');
    await assert.rejects(outcome, { code: 'Interrupted' });
  });

  it('names no word of the command in any error', async () => {
    await serve(() => ({ refuse: 500, json: { message: 'sh -c a & b' } }));
    await assert.rejects(client.exec(pod, options), (error: Error) => !error.message.includes('a & b'));
  });
});

describe('exec on an API server', () => {
  let client: KubernetesClient;
  let pods: ApiResource;
  const real = { namespace: 'exec-test', name: 'runs' };

  before(async function () {
    this.timeout(120_000);
    const { node } = await kwokServer();
    client = await connect({ kubeconfig: (await kubernetesServer()).kubeconfig });
    const discovery = await client.discover();
    pods = discovery.find('pods')!;
    const metadata = { name: real.namespace };
    await client.create(discovery.find('namespaces')!, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const spec = { nodeName: node, containers: [{ name: 'main', image: 'none' }] };
    await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { ...real }, spec });
  });

  after(() => client.close());

  const run = (...command: string[]) => client.exec(real, { container: 'main', command, timeoutMs: 20_000 });

  it('tells a command that succeeds, with its outputs', async () => {
    assert.deepEqual(await run('sh', '-c', 'echo out; echo err >&2'), {
      ended: 'succeeded',
      exitCode: 0,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('tells a command that fails', async () => {
    const { ended, stdout } = await run('sh', '-c', 'echo out; exit 3');
    assert.deepEqual([ended, stdout], ['failed', 'out\n']);
  });

  it('tells a program that is not there', async () => {
    const { ended, message = '' } = await run('no-such-program');
    assert.equal(ended, 'failed');
    assert.match(message, /no-such-program/);
  });

  it('cuts a command that hangs, and bounds one that floods', async () => {
    const command = ['sh', '-c', 'timeout 2 yes; exit 0'];
    const outcome = await client.exec(real, { container: 'main', command, timeoutMs: 700 });
    assert.equal(outcome.ended, 'timedOut');
    assert.ok(outcome.stdout.length < 9_000);
  });

  it('rejects with NotFound for an absent pod, and with InvalidItem for an absent container', async () => {
    const command = ['true'];
    await assert.rejects(client.exec({ ...real, name: 'absent' }, { container: 'main', command, timeoutMs: 5_000 }), {
      code: 'NotFound',
    });
    await assert.rejects(client.exec(real, { container: 'absent', command, timeoutMs: 5_000 }), {
      code: 'InvalidItem',
    });
  });
});
