import assert from 'node:assert/strict';
import { parseQuantity } from '../../src/plugins/quantity.ts';

describe('parseQuantity', () => {
  for (const spellings of [
    ['1', '1000m', '1000000u', '1000000000n', '1.0', '1.', '+1', '10e-1', '0.001k'],
    ['0.7', '700m', '.7', '7E-1'],
    ['128Mi', '134217728', '0.125Gi', '131072Ki'],
    ['1E', '1000P', '1E18', '1e+18'],
    ['-1', '-1000m'],
    ['0', 'Mi', 'm', '.', '+', '-', 'e5', '0.0', '-0'],
    ['1n', '0.1n', '1e-10', '1e-400'],
  ]) {
    it(`reads ${spellings.join(', ')} as equal`, () => {
      const values = spellings.map(parseQuantity);
      assert.notEqual(values[0], undefined);
      assert.deepEqual(new Set(values).size, 1, String(values));
    });
  }

  for (const text of [
    '',
    ' 1',
    '1 Gi',
    '1gi',
    '1K',
    '1ki',
    '1e',
    '1e1k',
    '1.1.1',
    '0x1',
    '1_000',
    'lots',
    'NaN',
    '--1',
  ]) {
    it(`takes ${JSON.stringify(text)} for none`, () => assert.equal(parseQuantity(text), undefined));
  }
});
