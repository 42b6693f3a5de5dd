import assert from 'node:assert/strict';
import { withoutContentsOf } from '../../src/api/secret-contents.ts';
import type { Unstructured } from '../../src/api/unstructured.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const secret: Unstructured = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'vault', annotations: { note: 'written by "ops"' } },
  data: { password: base64('correct horse'), file: base64('user=me\npassword=battery-staple\n'), pin: base64('1') },
  stringData: { token: 'in the clear' },
};

const texts: Readonly<Record<string, readonly [text: string, expected: string]>> = {
  'a value': ['no "correct horse" please', 'no "[redacted]" please'],
  'one in base64': [`data.password: ${base64('correct horse')}`, 'data.password: [redacted]'],
  'a line of a longer one': ['at password=battery-staple:', 'at [redacted]:'],
  stringData: ['in the clear', '[redacted]'],
  'an annotation': ['it is written by "ops"', 'it is [redacted]'],
  'an annotation in JSON': [JSON.stringify({ note: 'written by "ops"' }), '{"note":"[redacted]"}'],
  'the whole item': [
    JSON.stringify(secret),
    '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"vault","annotations":{"note":"[redacted]"}},' +
      '"data":{"password":"[redacted]","file":"[redacted]","pin":"[redacted]"},"stringData":{"token":"[redacted]"}}',
  ],
};

describe('withoutContentsOf', () => {
  for (const [title, [text, expected]] of Object.entries(texts))
    it(`takes out ${title}`, () => assert.equal(withoutContentsOf(secret)(text), expected));

  it('knows what was there before it was changed', () => {
    const copy = structuredClone(secret);
    const clean = withoutContentsOf(copy);
    copy['data'] = {};
    assert.equal(clean('correct horse'), '[redacted]');
  });

  it('leaves texts about other kinds as they are', () => {
    const clean = withoutContentsOf({ ...secret, kind: 'ConfigMap' });
    assert.equal(clean('correct horse'), 'correct horse');
  });

  it('bears a Secret whose data are no base64, or no texts', () => {
    const odd: Unstructured = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { a: '%%%%', b: 1 } };
    assert.equal(withoutContentsOf(odd)('%%%% and more'), '[redacted] and more');
  });
});
