import assert from 'node:assert/strict';
import { isLoopback, parseListenAddress } from '../../src/api/listen-address.ts';

describe('parseListenAddress', () => {
  const read: readonly [string, { host: string; port: number } | undefined][] = [
    ['127.0.0.1:8081', { host: '127.0.0.1', port: 8081 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
    ['[::]:65535', { host: '::', port: 65_535 }],
    ['0.0.0.0:0', undefined],
    ['0.0.0.0:65536', undefined],
    ['8081', undefined],
    [':8081', undefined],
    ['::1:8081', undefined],
    ['[here]:8081', undefined],
    ['http://here:8081', undefined],
  ];
  for (const [text, expected] of read) {
    it(`reads ${text} as ${JSON.stringify(expected) ?? 'none'}`, () => {
      assert.deepEqual(parseListenAddress(text), expected);
    });
  }
});

describe('isLoopback', () => {
  for (const [host, expected] of [
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.com', false],
    ['10.0.0.1', false],
  ] as const) {
    it(`is ${expected} for ${host}`, () => assert.equal(isLoopback({ host, port: 1 }), expected));
  }
});
