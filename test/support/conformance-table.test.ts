import assert from 'node:assert/strict';
import { conformanceTable, type Outcome } from './conformance-table.ts';
import { declaredAs, itConforms } from './it-conforms.ts';

describe('conformanceTable', () => {
  it('shows each subject with its counts and each check, in columns', () => {
    const passed = Array.from({ length: 12 }, () => 'passed' as const);
    const outcomes = new Map<string, readonly Outcome[]>([
      ['object store: aws', passed],
      ['object store: a long name', ['passed', 'failed', 'failed', 'deviates', 'passed']],
    ]);
    assert.deepEqual(conformanceTable(outcomes), [
      'conformance                checks  passed  failed  deviates  each check',
      'object store: aws              12      12       0         0  ............',
      'object store: a long name       5       2       2         1  .FF-.',
    ]);
  });

  it('is empty where nothing was checked', () => assert.deepEqual(conformanceTable(new Map()), []));
});

describe('itConforms', () => {
  it('declares nothing of other tests', function () {
    assert.equal(declaredAs(this.test!), undefined);
  });

  it('refuses a deviation from what is no check', () =>
    assert.throws(
      () => itConforms([], async () => undefined, { 'it flies': 'no wings' }),
      /no check is called "it flies"/,
    ));
});
