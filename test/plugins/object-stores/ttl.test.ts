import assert from 'node:assert/strict';
import { assertTtl } from '../../../src/plugins/object-stores/ttl.ts';

describe('assertTtl', () => {
  for (const seconds of [1, 600, 604_800]) it(`takes ${seconds} seconds`, () => assertTtl('sign s3://b/k', seconds));

  for (const seconds of [0, -1, 1.5, NaN, Infinity, 604_801])
    it(`refuses ${seconds}`, () =>
      assert.throws(() => assertTtl('sign s3://b/k', seconds), {
        code: 'Unsupported',
        message: `sign s3://b/k: expected 1 to 604800 seconds, got ${seconds}`,
      }));
});
