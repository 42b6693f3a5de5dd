import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BoundedText } from '../../src/kubernetes/bounded-text.ts';

describe('BoundedText', () => {
  function kept(each: number, chunks: readonly string[]): string {
    const text = new BoundedText(each);
    for (const chunk of chunks) text.add(Buffer.from(chunk));
    return text.toString();
  }

  const cases = [
    { title: 'is empty before anything comes', chunks: [], expected: '' },
    { title: 'keeps what fits', chunks: ['abc', 'de'], expected: 'abcde' },
    { title: 'keeps twice what one end may hold', chunks: ['abcdef', 'gh'], expected: 'abcdefgh' },
    {
      title: 'leaves the middle out, and says how much',
      chunks: ['abcdefghi'],
      expected: 'abcd\n[1 bytes left out]\nfghi',
    },
    {
      title: 'keeps the newest end, however it comes',
      chunks: ['abcd', 'e', 'fghijk', 'l'],
      expected: 'abcd\n[4 bytes left out]\nijkl',
    },
  ];
  for (const { title, chunks, expected } of cases) it(title, () => assert.equal(kept(4, chunks), expected));

  it('says the same however a text is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 20 })),
        fc.integer({ min: 1, max: 30 }),
        (chunks, each) => {
          assert.equal(kept(each, chunks), kept(each, [chunks.join('')]));
        },
      ),
    );
  });
});
