import assert from 'node:assert/strict';
import { checkKeys } from '../../src/plugins/config-keys.ts';

const keys = { required: ['path', 'zone'], optional: ['profile'] };

function messageOf(config: Record<string, string>): string {
  try {
    checkKeys('disk', config, keys);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'InvalidConfig');
    return (error as Error).message;
  }
  return '';
}

describe('checkKeys', () => {
  it('takes required and optional keys, and those that every provider is given', () => {
    assert.equal(messageOf({ path: '/', zone: 'a' }), '');
    assert.equal(messageOf({ path: '/', zone: 'a', profile: 'p', bucket: 'b', prefix: '', caCert: '' }), '');
  });

  it('names all unknown and all missing keys at once, in order, and what would be valid', () => {
    assert.equal(
      messageOf({ Zone: 'a', acl: 'b', profile: 'p' }),
      'disk: config has invalid keys [Zone acl]; valid keys are [bucket caCert path prefix profile zone]; config lacks [path zone]',
    );
  });

  it('takes an empty value of a required key for a missing one', () => {
    assert.equal(messageOf({ path: '', zone: 'a' }), 'disk: config lacks [path]');
  });

  it('never shows a value', () => {
    assert.doesNotMatch(messageOf({ secretKey: 'hunter2' }), /hunter2/);
  });
});
