import assert from 'node:assert/strict';
import { connectionErrorCode } from '../../../src/plugins/object-stores/connection-errors.ts';

describe('connectionErrorCode', () => {
  for (const code of [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])
    it(`finds fault with the configuration for ${code}`, () =>
      assert.equal(connectionErrorCode(code), 'InvalidConfig'));

  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', ''])
    it(`takes ${code || 'an unknown one'} for a fault that may pass`, () =>
      assert.equal(connectionErrorCode(code), 'Unavailable'));
});
