import type { ErrorCode } from '../../api/errors.ts';

/** What OpenSSL and Node call a server whose certificate can't be trusted. */
const untrusted =
  /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_|ERR_SSL_WRONG_VERSION_NUMBER$|INVALID_CA$)/;

/** The code of a connection's failure: one whose certificate can't be trusted is to be configured, any other may pass. */
export function connectionErrorCode(code: string): ErrorCode {
  return untrusted.test(code) ? 'InvalidConfig' : 'Unavailable';
}
