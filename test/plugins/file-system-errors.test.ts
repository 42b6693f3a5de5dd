import assert from 'node:assert/strict';
import { BowlineError } from '../../src/api/errors.ts';
import { fileSystemError } from '../../src/plugins/file-system-errors.ts';

const cases = [
  ['ENOENT', 'NotFound'],
  ['ENOTDIR', 'NotFound'],
  ['EEXIST', 'AlreadyExists'],
  ['EACCES', 'AccessDenied'],
  ['EROFS', 'AccessDenied'],
  ['ENAMETOOLONG', 'InvalidConfig'],
  ['ENOSPC', 'Unavailable'],
  ['EIO', 'Unavailable'],
] as const;

describe('fileSystemError', () => {
  for (const [code, ours] of cases)
    it(`gives ${code} the code ${ours}, and names what was tried`, () => {
      const cause = Object.assign(new Error('system'), { code });
      const error = fileSystemError('put b/k', cause);
      assert.deepEqual([error.code, error.message, error.cause], [ours, `put b/k: ${code}`, cause]);
    });

  it('shows the message of what is no error of the system', () => {
    const error = fileSystemError('put b/k', new Error('boom'));
    assert.deepEqual([error.code, error.message], ['Unavailable', 'put b/k: boom']);
  });

  it('passes what is mapped already', () => {
    const mapped = new BowlineError('NotFound', 'get b/k: no such object');
    assert.equal(fileSystemError('put', mapped), mapped);
  });
});
