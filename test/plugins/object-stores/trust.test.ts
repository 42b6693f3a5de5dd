import assert from 'node:assert/strict';
import { pemOf, trusted } from '../../../src/plugins/object-stores/trust.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

describe('trusted', () => {
  it("adds the location's authority to those that are trusted anyway", () => {
    assert.equal(trusted(pem).at(-1), pem);
    assert.ok(trusted(pem).length > 50);
  });
});

describe('pemOf', () => {
  it('takes a certificate as it is, and as Base64', () => {
    assert.equal(pemOf(pem), pem);
    assert.equal(pemOf(Buffer.from(pem).toString('base64')), pem);
  });
});
