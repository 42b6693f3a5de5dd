import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../plugins/temporary-folder.ts';

/** Files in PEM. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** An authority of a test's own. */
export interface CertificateAuthority extends CertificateFiles {
  /** Makes a certificate for the loopback, of a server or of a client. */
  issue(name: string): CertificateFiles;
}

/** Makes an authority with openssl. */
export function certificateAuthority(name: string): CertificateAuthority {
  const folder = temporaryFolder();

  function make(subject: string, args: readonly string[]): CertificateFiles {
    const [certificateFile, keyFile] = [join(folder, `${subject}.crt`), join(folder, `${subject}.key`)];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    execFileSync(
      'openssl',
      ['req', '-x509', ...key, '-out', certificateFile, '-days', '30', '-subj', `/CN=${subject}`, ...args],
      { stdio: 'ignore' },
    );
    return { certificateFile, keyFile };
  }

  const authority = make(name, []);
  const { certificateFile, keyFile } = authority;
  const issued = ['-CA', certificateFile, '-CAkey', keyFile, '-addext', 'basicConstraints=critical,CA:FALSE'];
  return {
    ...authority,
    issue: (subject) => make(subject, [...issued, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']),
  };
}
