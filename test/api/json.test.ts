import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cloneJson, equalJson, isRawNumber, parseJson, type JsonObject } from '../../src/api/json.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?$/);

/** JSON texts without blanks, with numbers of any length. */
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      int64.map(String),
      fc.string().map((text) => JSON.stringify(text)),
      fc.constantFrom('null', 'true', '1.5'),
    ),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => `[${values.join(',')}]`),
    fc
      .dictionary(
        fc.oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.constantFrom('__proto__', 'constructor')),
        tie('value'),
        {
          maxKeys: 3,
        },
      )
      .map(
        (members) =>
          `{${Object.entries(members)
            .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
            .join()}}`,
      ),
  ),
})).value;

describe('parseJson', () => {
  it('keeps every digit of integers, as far as 64 bits go and further', () => {
    fc.assert(fc.property(int64, (number) => JSON.stringify(parseJson(`{"a":[${number}]}`)) === `{"a":[${number}]}`));
    const long = '123456789'.repeat(20);
    assert.equal(JSON.stringify(parseJson(`[${long},-${long}]`)), `[${long},-${long}]`);
  });

  it('changes the value of no number, wherever its point stands', () => {
    fc.assert(
      fc.property(digits, (number) => {
        assert.equal(plainDigits(JSON.stringify(parseJson(number))), plainDigits(number));
      }),
      { numRuns: 1_000 },
    );
    assert.equal(JSON.stringify(parseJson('123456789.123456789')), '123456789.123456789');
  });

  for (const text of [
    '12345678901234567890',
    '[12345678901234567890]',
    '[ 1,\n  -12345678901234567890 ]',
    '{"a": 12345678901234567890}',
    '{"a":{"digest":"sha256:1234567890123456"},"b":[{"c" : 9007199254740993}]}',
  ]) {
    it(`keeps the digits wherever a number may stand: ${text}`, () =>
      assert.equal(JSON.stringify(parseJson(text)), text.replace(/\s/g, '')));
  }

  it('finds a long number wherever it stands, among texts full of digits', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[-0-9.:,[ ]{0,40}$/)), fc.boolean(), (texts, isNegative) => {
        const list = JSON.stringify([...texts, 0]).replace(/0]$/, `${isNegative ? '-' : ''}12345678901234567890]`);
        assert.equal(JSON.stringify(parseJson(list)), list);
      }),
      { numRuns: 1_000 },
    );
  });

  it('makes plain numbers of those that a double holds', () => {
    for (const number of ['0', '1', '-7', '1.5', '9007199254740991', '9007199254740992', '1e3', '0.000001'])
      assert.equal(parseJson(number), Number(number));
    assert.ok(isRawNumber(parseJson('9007199254740993')));
  });

  it('gives the text back that it was given', () => {
    fc.assert(fc.property(json, (text) => JSON.stringify(parseJson(text)) === text));
  });

  describe('reads keys with escapes as they are', () => {
    /** Keys whose texts begin alike. */
    const key = fc.oneof(
      fc.stringMatching(/^[\\n"a\n\t}1]{0,3}$/),
      fc.constantFrom('key', 'key0', 'key_0', '__proto__', '\u2028'),
    );
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.oneof(fc.string(), key, fc.constant('{"\\n":1}'), fc.integer(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;

    it('whatever has been parsed before', () => {
      fc.assert(
        fc.property(value, fc.constantFrom(undefined, 2), (given, blanks) => {
          const read = parseJson(JSON.stringify(given, null, blanks));
          assert.equal(JSON.stringify(read), JSON.stringify(given));
        }),
        { numRuns: 2_000 },
      );
    });

    it('where V8 takes one for another: once it does not, the detour can go', () => {
      const [backslash, lineFeed] = [String.raw`{"only here":1,"\\":2}`, String.raw`{"only here":1,"\n":2}`];
      for (const parse of [JSON.parse, parseJson])
        assert.deepEqual(Object.keys(parse(backslash) as object), ['only here', '\\']);
      assert.deepEqual(Object.keys(JSON.parse(lineFeed) as object), ['only here', '\\']);
      assert.deepEqual(Object.keys(parseJson(lineFeed) as object), ['only here', '\n']);
    });

    const texts: { title: string; text: string; becomes?: string }[] = [
      { title: 'among long numbers', text: String.raw`{"\\":12345678901234567890,"\n":[1.5]}` },
      {
        title: 'that stand as code units',
        text: String.raw`{"\u0061":1,"\ud83d\ude00" :2}`,
        becomes: '{"a":1,"😀":2}',
      },
      {
        title: 'twice: the last counts',
        text: String.raw`{"\u0061":1,"b":2,"a":3,"\u0062":4}`,
        becomes: '{"a":3,"b":4}',
      },
      { title: 'that are whole numbers', text: String.raw`{"b":1,"\u0031":2}`, becomes: '{"1":2,"b":1}' },
    ];
    for (const { title, text, becomes = text } of texts)
      it(title, () => assert.equal(JSON.stringify(parseJson(text)), becomes));

    it('and refuses what is no JSON', () => {
      for (const text of ['"\\', '"\\"', '{"\\n"', '{"\\n":', '{"\\x":1}', '{\\n:1}', '\\":1'])
        assert.throws(() => parseJson(text), SyntaxError, text);
    });
  });

  it('takes __proto__ for a member like any other, in short texts and in long numbers', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":12345678901234567890}}']) {
      const value = parseJson(text) as JsonObject;
      assert.deepEqual(Object.keys(value), ['__proto__']);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.equal(JSON.stringify(value), text);
    }
    assert.equal(({} as { a?: unknown }).a, undefined);
  });

  for (const text of ['', '{', '[1,]', '{"a":01}', '12345678901234567890x', 'undefined', "{'a':1}"])
    it(`throws SyntaxError for ${text || 'nothing'}`, () => assert.throws(() => parseJson(text), SyntaxError));
});

describe('cloneJson', () => {
  it('makes an equal copy', () => {
    fc.assert(
      fc.property(json, (text) => {
        const value = parseJson(text);
        const copy = cloneJson(value);
        assert.deepEqual(copy, value);
        assert.equal(JSON.stringify(copy), text);
      }),
    );
  });

  it('shares nothing that can be changed', () => {
    const value = { list: [{ a: 1 }], object: { long: parseJson('12345678901234567890') } };
    const copy = cloneJson(value);
    copy.list[0]!.a = 2;
    copy.list.push({ a: 3 });
    copy.object.long = null;
    assert.equal(JSON.stringify(value), '{"list":[{"a":1}],"object":{"long":12345678901234567890}}');
  });

  it('copies __proto__ as a member', () => {
    const copy = cloneJson(parseJson('{"__proto__":{"a":1}}')) as JsonObject;
    assert.equal(JSON.stringify(copy), '{"__proto__":{"a":1}}');
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  });

  it('hands values through that hold nothing', () => {
    for (const value of [undefined, null, true, 7, 'text']) assert.equal(cloneJson(value), value);
  });
});

describe('equalJson', () => {
  it('holds between a value and its copy', () => {
    fc.assert(fc.property(json, (text) => equalJson(parseJson(text), parseJson(text))));
  });

  it('holds exactly where the texts are the same, members being sorted', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [left, right] = [parseJson(a), parseJson(b)];
        assert.equal(equalJson(left, right), sorted(left) === sorted(right));
        assert.equal(equalJson(right, left), equalJson(left, right));
      }),
    );
  });

  it('tells a value from one with a member or an entry more', () => {
    fc.assert(
      fc.property(json, (text) => {
        const value = parseJson(text);
        assert.ok(!equalJson({ value }, { value, more: null }));
        assert.ok(!equalJson([value], [value, value]));
        assert.ok(!equalJson([value], { 0: value }));
        assert.ok(!equalJson(value, [value]));
      }),
    );
  });

  const equal: readonly [unknown, unknown][] = [
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: undefined }, {}],
    [parseJson('12345678901234567890'), parseJson('12345678901234567890')],
    [parseJson('{"__proto__":1}'), parseJson('{"__proto__":1}')],
  ];
  for (const [a, b] of equal) {
    it(`holds between ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () =>
      assert.ok(equalJson(a, b) && equalJson(b, a)));
  }

  const different: readonly [unknown, unknown][] = [
    [null, {}],
    [null, undefined],
    [0, null],
    [1, '1'],
    [true, 1],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: null }, {}],
    [{ constructor: 1 }, {}],
    [{}, { toString: 1 }],
    [parseJson('12345678901234567890'), parseJson('12345678901234567891')],
    [parseJson('12345678901234567890'), Number('12345678901234567890')],
    [parseJson('12345678901234567890'), { rawJSON: '12345678901234567890' }],
    [parseJson('{"__proto__":1}'), parseJson('{"__proto__":2}')],
    [parseJson('{"__proto__":{}}'), {}],
  ];
  for (const [a, b] of different) {
    it(`does not hold between ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () =>
      assert.ok(!equalJson(a, b) && !equalJson(b, a)));
  }
});

/** A number's digits without exponent, sign of zero, or zeros that say nothing. */
function plainDigits(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(number) ?? [];
  const shift = Number(exponent);
  const padded = `${'0'.repeat(Math.max(0, -shift))}${whole}${fraction}${'0'.repeat(Math.max(0, shift))}`;
  const point = Math.max(0, -shift) + whole.length + shift;
  const digitsBefore = padded.slice(0, point).replace(/^0+/, '') || '0';
  const digitsAfter = padded.slice(point).replace(/0+$/, '');
  const plain = digitsAfter === '' ? digitsBefore : `${digitsBefore}.${digitsAfter}`;
  return plain === '0' ? plain : `${sign}${plain}`;
}

function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`)
    .sort()
    .join()}}`;
}
