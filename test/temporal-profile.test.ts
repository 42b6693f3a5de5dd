import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTemporalProfile, type TemporalProfile } from '../src/temporal-profile.ts';
import { temporaryFolder } from './plugins/temporary-folder.ts';

const empty = '[profile.default]';

describe('readTemporalProfile', () => {
  let folder: string;
  beforeEach(() => void (folder = temporaryFolder()));

  /** Reads with a `temporal.toml` of this text. */
  function read(toml: string, env: Record<string, string> = {}): TemporalProfile {
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, toml);
    return readTemporalProfile({ TEMPORAL_CONFIG_FILE: file, ...env });
  }

  function pem(name: string): string {
    const file = join(folder, name);
    writeFileSync(file, name);
    return file;
  }

  it('is empty without a file and variables', () => {
    assert.deepEqual(readTemporalProfile({ HOME: folder, PATH: '/bin' }), {});
  });

  it('reads the default profile, and the one that is named', () => {
    const toml = `
      [profile.default]
      address = "here:1"
      [profile.cloud]
      address = "there:2"
      namespace = "backups.abc"
      api_key = "key"
      [profile.cloud.grpc_meta]
      x-team = "storage"`;
    assert.deepEqual(read(toml), { address: 'here:1' });
    assert.deepEqual(read(toml, { TEMPORAL_PROFILE: 'cloud' }), {
      address: 'there:2',
      namespace: 'backups.abc',
      apiKey: 'key',
      metadata: { 'x-team': 'storage' },
    });
  });

  it('passes over what it does not know', () => {
    assert.deepEqual(read('[profile.default]\naddress = "x:1"\nof_another_version = 1'), { address: 'x:1' });
  });

  it('takes variables over the file', () => {
    const toml = '[profile.default]\naddress = "file:1"\nnamespace = "file"\napi_key = "file"';
    const env = { TEMPORAL_ADDRESS: 'there:1', TEMPORAL_API_KEY: 'variable' };
    assert.deepEqual(read(toml, env), { address: 'there:1', namespace: 'file', apiKey: 'variable' });
  });

  it('reads certificates, from files and from variables', () => {
    const [crt, key] = [pem('tls.crt'), pem('tls.key')];
    const expected = {
      serverNameOverride: 'temporal.example',
      serverRootCACertificate: Buffer.from('a CA'),
      clientCertPair: { crt: Buffer.from('tls.crt'), key: Buffer.from('tls.key') },
    };
    const { tls } = readTemporalProfile({
      HOME: folder,
      TEMPORAL_TLS_CLIENT_CERT_PATH: crt,
      TEMPORAL_TLS_CLIENT_KEY_PATH: key,
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'a CA',
      TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
    });
    assert.deepEqual(texts(tls), texts(expected));
  });

  const switches: readonly [env: Record<string, string>, tls: TemporalProfile['tls']][] = [
    [{ TEMPORAL_TLS: 'true' }, {}],
    [{ TEMPORAL_TLS: 'false' }, false],
    [{ TEMPORAL_API_KEY: 'key' }, undefined],
  ];
  for (const [env, tls] of switches) {
    it(`reads ${JSON.stringify(env)} as ${JSON.stringify(tls) ?? "the SDK's own choice"}`, () => {
      assert.deepEqual(readTemporalProfile({ HOME: folder, ...env }).tls, tls);
    });
  }

  const refused: readonly [title: string, toml: string, env: Record<string, string>, message: RegExp][] = [
    ['a profile that is not there', empty, { TEMPORAL_PROFILE: 'cloud' }, /Profile 'cloud' not found/],
    ['a certificate without its key', empty, { TEMPORAL_TLS_CLIENT_CERT_DATA: 'x' }, /given together/],
    ['a certificate that can not be read', empty, { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }, /ENOENT/],
    ['what is no TOML, without showing it', '[profile.default]\napi_key = "hunter2', {}, /Invalid TOML/],
  ];
  for (const [title, toml, env, message] of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => read(toml, env),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'InvalidConfig');
          assert.match(error.message, message);
          assert.ok(error.message.startsWith("Temporal's configuration: "));
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        },
      );
    });
  }
});

/** Bytes as text, whatever array they are in. */
function texts(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one) => (isBytes(one) ? Buffer.from(one.data ?? one).toString() : one)),
  );
}

function isBytes(value: unknown): value is Uint8Array & { data?: number[] } {
  return value instanceof Uint8Array || (value as { type?: string } | null)?.type === 'Buffer';
}
