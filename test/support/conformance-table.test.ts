import assert from 'node:assert/strict';
import { conformanceTable, type Outcome } from './conformance-table.ts';
import { isCheck } from './it-conforms.ts';

describe('conformanceTable', () => {
  it('shows each subject with its counts and each check, in columns', () => {
    const passed = Array.from({ length: 12 }, () => 'passed' as const);
    const outcomes = new Map<string, readonly Outcome[]>([
      ['object store: aws', passed],
      ['object store: a long name', ['passed', 'failed', 'failed', 'skipped', 'passed']],
    ]);
    assert.deepEqual(conformanceTable(outcomes), [
      'conformance                checks  passed  failed  skipped  each check',
      'object store: aws              12      12       0        0  ............',
      'object store: a long name       5       2       2        1  .FF-.',
    ]);
  });

  it('is empty where nothing was checked', () => assert.deepEqual(conformanceTable(new Map()), []));
});

describe('isCheck', () => {
  it('knows a test that is no check', function () {
    assert.equal(isCheck(this.test!), false);
  });
});
