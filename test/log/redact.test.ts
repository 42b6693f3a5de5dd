import assert from 'node:assert/strict';
import { createRedact } from '../../src/log/redact.ts';

const key = 'k3y/with+"quotes"';

const cases: readonly { readonly title: string; readonly text: string; readonly expected: string }[] = [
  {
    title: 'the query of a signed URL',
    text: 'get https://b.s3.example.com/k?X-Amz-Signature=abc&X-Amz-Date=1: 403',
    expected: 'get https://b.s3.example.com/k?[redacted] 403',
  },
  {
    title: 'a URL in JSON, up to its end',
    text: '{"url":"http://h/p?sig=abc","next":"x"}',
    expected: '{"url":"http://h/p?[redacted]","next":"x"}',
  },
  {
    title: 'the user of a URL',
    text: 'connect to https://me:hunter2@example.com/x',
    expected: 'connect to https://[redacted]@example.com/x',
  },
  {
    title: 'a signature without its host',
    text: 'PUT /b/k?partNumber=1&X-Amz-Signature=abc&x=1',
    expected: 'PUT /b/k?partNumber=1&X-Amz-Signature=[redacted]&x=1',
  },
  {
    title: 'the token of a header',
    text: 'authorization: Bearer abc.def.ghi',
    expected: 'authorization: Bearer [redacted]',
  },
  {
    title: 'a private key, cut off or not',
    text: 'x -----BEGIN RSA PRIVATE KEY-----\nabc',
    expected: 'x [redacted]',
  },
  { title: 'a known secret', text: `a ${key} b`, expected: 'a [redacted] b' },
  { title: 'one in JSON', text: JSON.stringify({ key }), expected: '{"key":"[redacted]"}' },
  {
    title: 'one in base64',
    text: Buffer.from(key).toString('base64'),
    expected: '[redacted]',
  },
  { title: 'one in a URL', text: `/x?k=${encodeURIComponent(key)}`, expected: '/x?k=[redacted]' },
  {
    title: 'nothing of what has none',
    text: 'list pods in bank: 503 ServiceUnavailable, see https://example.com/docs',
    expected: 'list pods in bank: 503 ServiceUnavailable, see https://example.com/docs',
  },
];

describe('createRedact', () => {
  const redact = createRedact([key, 'short']);
  for (const { title, text, expected } of cases) it(`takes out ${title}`, () => assert.equal(redact(text), expected));

  it('leaves words alone that are too short for a secret', () => assert.equal(redact('in short'), 'in short'));
});
