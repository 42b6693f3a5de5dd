import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { temporaryFolder } from '../plugins/temporary-folder.ts';

/** A certificate for the loopback, signed by itself, and its key. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
}

let made: Certificate | undefined;

/** Makes it once for the whole run. */
export function loopbackCertificate(): Certificate {
  if (made) return made;
  const folder = temporaryFolder();
  const [certificateFile, keyFile] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=bowline-test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certificateFile, '-days', '30', ...names], {
    stdio: 'ignore',
  });
  made = { certificateFile, keyFile, certificate: readFileSync(certificateFile, 'utf8') };
  return made;
}

/** Starts TLS in front of a server on the loopback, with that certificate. */
export async function tlsFront(target: string): Promise<{ readonly url: string; close(): void }> {
  const { certificate, keyFile } = loopbackCertificate();
  const { port } = new URL(target);
  const server = createServer({ cert: certificate, key: readFileSync(keyFile) }, (outside) => {
    const inside = connect(Number(port), '127.0.0.1');
    outside.pipe(inside).pipe(outside);
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    url: `https://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () => void server.close(),
  };
}
