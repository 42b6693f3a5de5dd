import assert from 'node:assert/strict';
import { conformanceTable } from './conformance-table.ts';
import { isCheck } from './it-conforms.ts';

describe('conformanceTable', () => {
  it('shows each subject with its counts, in columns', () => {
    const counts = new Map([
      ['object store: aws', { passed: 39, failed: 0, skipped: 0 }],
      ['object store: a long name', { passed: 7, failed: 2, skipped: 1 }],
    ]);
    assert.deepEqual(conformanceTable(counts), [
      'conformance                checks  passed  failed  skipped',
      'object store: aws              39      39       0        0',
      'object store: a long name      10       7       2        1',
    ]);
  });

  it('is empty where nothing was checked', () => assert.deepEqual(conformanceTable(new Map()), []));
});

describe('isCheck', () => {
  it('knows a test that is no check', function () {
    assert.equal(isCheck(this.test!), false);
  });
});
