import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type IncomingHttpHeaders } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { parseConfig } from '../src/config.ts';
import { connectionOptions } from '../src/temporal-connection.ts';
import { readTemporalProfile } from '../src/temporal-profile.ts';
import { certificateAuthority } from './support/certificate-authority.ts';
import { temporalServer } from './support/servers.ts';

/** Those who connect, and how. */
const connections = {
  client: (options: object) => Connection.connect(options),
  worker: (options: object) => NativeConnection.connect(options),
} as const;

describe('connections to Temporal', function () {
  this.timeout(30_000);
  const authority = certificateAuthority('temporal-ca');
  const server = authority.issue('temporal');
  const [client, stranger] = [authority.issue('bowline'), certificateAuthority('another-ca').issue('bowline')];
  const serverKeys = {
    cert: readFileSync(server.certificateFile),
    key: readFileSync(server.keyFile),
    ca: readFileSync(authority.certificateFile),
  };

  /** As a worker or a client would read it, from variables alone. */
  function optionsFor(env: Record<string, string>) {
    const variables = { HOME: '/nowhere', TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certificateFile, ...env };
    const profile = readTemporalProfile(variables);
    return connectionOptions(parseConfig('', { file: 'x.yaml', env: variables, profile }).temporal);
  }

  describe('with certificates', () => {
    let front: Server;
    let address: string;

    before(async () => {
      const { address: inside } = await temporalServer();
      const [host, port] = inside.split(':') as [string, string];
      front = createServer({ ...serverKeys, requestCert: true, ALPNProtocols: ['h2'] }, (outside) => {
        const toServer = connect(Number(port), host);
        outside.pipe(toServer).pipe(outside);
        outside.on('error', () => toServer.destroy()).on('close', () => toServer.destroy());
        toServer.on('error', () => outside.destroy());
      });
      front.listen(0, '127.0.0.1');
      await once(front, 'listening');
      address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
    });
    after(() => void front.close());

    for (const [who, open] of Object.entries(connections)) {
      it(`lets a ${who} in that the server knows, and nobody else`, async () => {
        const env = { TEMPORAL_ADDRESS: address };
        const known = {
          TEMPORAL_TLS_CLIENT_CERT_PATH: client.certificateFile,
          TEMPORAL_TLS_CLIENT_KEY_PATH: client.keyFile,
        };
        const connection = await open(optionsFor({ ...env, ...known }));
        await connection.workflowService.getSystemInfo({});
        await connection.close();

        const unknown = {
          TEMPORAL_TLS_CLIENT_CERT_PATH: stranger.certificateFile,
          TEMPORAL_TLS_CLIENT_KEY_PATH: stranger.keyFile,
        };
        for (const others of [{}, unknown])
          await assert.rejects(open({ ...optionsFor({ ...env, ...others }), connectTimeout: '2s' }));
      });

      it(`keeps a ${who} from a server that is another's`, async () => {
        const env = { TEMPORAL_ADDRESS: address, TEMPORAL_TLS_SERVER_CA_CERT_PATH: stranger.certificateFile };
        await assert.rejects(open({ ...optionsFor(env), connectTimeout: '2s' }));
      });
    }
  });

  describe('with an API key', () => {
    let fake: Http2SecureServer;
    let asked: IncomingHttpHeaders[];
    let address: string;

    before(async () => {
      fake = createSecureServer(serverKeys);
      // Answers everything with an empty message.
      fake.on('stream', (stream, headers) => {
        asked.push(headers);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      });
      fake.listen(0, '127.0.0.1');
      await once(fake, 'listening');
      address = `127.0.0.1:${(fake.address() as AddressInfo).port}`;
    });
    beforeEach(() => void (asked = []));
    after(() => void fake.close());

    for (const [who, open] of Object.entries(connections)) {
      it(`sends a ${who}'s key and headers over TLS`, async () => {
        const env = { TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'the-key', TEMPORAL_GRPC_META_X_TEAM: 'storage' };
        const connection = await open(optionsFor(env));
        await connection.close();
        assert.deepEqual(
          asked.map((headers) => [headers['authorization'], headers['x-team'], headers[':scheme']]),
          asked.map(() => ['Bearer the-key', 'storage', 'https']),
        );
        assert.ok(asked.length > 0);
      });
    }
  });
});
