import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LabelRequirement, LabelSelector } from '../../src/api/backup.ts';
import {
  formatLabelSelector,
  labelMatcher,
  matchesLabels,
  parseLabelSelector,
  validateLabels,
  validateLabelSelector,
} from '../../src/selection/label-selector.ts';

const word = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,8}[a-zA-Z0-9])?$/);
const key = fc.oneof(
  word,
  fc
    .tuple(fc.stringMatching(/^[a-z0-9]{1,5}(\.[a-z0-9]{1,5}){0,2}$/), word)
    .map(([prefix, name]) => `${prefix}/${name}`),
  fc.constantFrom('in', 'notin', 'constructor', 'toString'),
);
const value = fc.oneof(word, fc.constantFrom('', 'in', 'notin'));
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 4 });
const requirement: fc.Arbitrary<LabelRequirement> = fc
  .tuple(key, fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'), values)
  .map(([name, operator, some]) =>
    operator === 'In' || operator === 'NotIn' ? { key: name, operator, values: some } : { key: name, operator },
  );
const selector: fc.Arbitrary<LabelSelector> = fc
  .record({ pairs: fc.dictionary(key, value, { maxKeys: 3 }), expressions: fc.array(requirement, { maxLength: 3 }) })
  .map(({ pairs, expressions }) => ({
    ...(Object.keys(pairs).length > 0 && { matchLabels: { ...pairs } }),
    ...(expressions.length > 0 && { matchExpressions: expressions }),
  }));

describe('parseLabelSelector', () => {
  const pair = (name: string, only: string): LabelSelector => ({ matchLabels: { [name]: only } });
  const expression = (...matchExpressions: LabelRequirement[]): LabelSelector => ({ matchExpressions });
  const cases: readonly [string, LabelSelector][] = [
    ['', {}],
    [' \t', {}],
    ['a=b', pair('a', 'b')],
    ['a==b', pair('a', 'b')],
    [' a = b ', pair('a', 'b')],
    ['a=', pair('a', '')],
    ['a=in', pair('a', 'in')],
    ['in=a', pair('in', 'a')],
    ['example.org/a=b', pair('example.org/a', 'b')],
    ['a!=b', expression({ key: 'a', operator: 'NotIn', values: ['b'] })],
    ['a != ', expression({ key: 'a', operator: 'NotIn', values: [''] })],
    ['a', expression({ key: 'a', operator: 'Exists' })],
    ['in', expression({ key: 'in', operator: 'Exists' })],
    ['!a', expression({ key: 'a', operator: 'DoesNotExist' })],
    ['! a', expression({ key: 'a', operator: 'DoesNotExist' })],
    ['a in (b)', expression({ key: 'a', operator: 'In', values: ['b'] })],
    ['a in(b)', expression({ key: 'a', operator: 'In', values: ['b'] })],
    ['a\tin ( b , c )', expression({ key: 'a', operator: 'In', values: ['b', 'c'] })],
    ['a in (b,b)', expression({ key: 'a', operator: 'In', values: ['b'] })],
    ['a in (,b)', expression({ key: 'a', operator: 'In', values: ['', 'b'] })],
    ['a in (,)', expression({ key: 'a', operator: 'In', values: [''] })],
    ['a notin (b,c)', expression({ key: 'a', operator: 'NotIn', values: ['b', 'c'] })],
    ['notin notin (in, notin)', expression({ key: 'notin', operator: 'NotIn', values: ['in', 'notin'] })],
    ['a=b,a=c', { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['c'] }] }],
    [
      'a in (b,c),d notin (e,f),g=h, !i ,j',
      {
        matchLabels: { g: 'h' },
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['b', 'c'] },
          { key: 'd', operator: 'NotIn', values: ['e', 'f'] },
          { key: 'i', operator: 'DoesNotExist' },
          { key: 'j', operator: 'Exists' },
        ],
      },
    ],
  ];
  for (const [text, expected] of cases)
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseLabelSelector(text), expected));

  const refused = [
    ',',
    'a,',
    ',a',
    'a,,b',
    '=a',
    '!',
    '!a=b',
    '!a in (b)',
    'a b',
    'a=b c',
    'a=b=c',
    'a===b',
    'a= =b',
    'a! =b',
    'a>1',
    'a<1',
    'a in',
    'a in b',
    'a in ()',
    'a notin ( )',
    'a in (b',
    'a in b)',
    'a in (b))',
    'a in (b c)',
    'a in (b),',
    'a in ((b))',
    'a not in (b)',
    'a IN (b)',
    'a=-b',
    'a=b_',
    'a=é',
    `a=${'b'.repeat(64)}`,
    '-a',
    'a.',
    'a/',
    '/a',
    'a/b/c',
    'Example.org/a',
    'a..b/c',
    'a-/b',
    `${'a'.repeat(254)}/b`,
    'b'.repeat(64),
  ];
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseLabelSelector(text), { code: 'InvalidSpec', message: /^label selector ".*": / });
    });
  }

  it('names the requirement that it can not read', () => {
    assert.throws(() => parseLabelSelector('a=b,c=d e,f'), {
      message: 'label selector "c=d e": "d e" is no label value',
    });
  });

  it('takes keys and values as long as Kubernetes does', () => {
    const longest = `${'a'.repeat(253)}/${'b'.repeat(63)}`;
    assert.deepEqual(parseLabelSelector(`${longest}=${'c'.repeat(63)}`), pair(longest, 'c'.repeat(63)));
  });

  it('undoes formatLabelSelector', () => {
    fc.assert(
      fc.property(selector, (one) => {
        assert.deepEqual(parseLabelSelector(formatLabelSelector(one)), one);
      }),
      { numRuns: 500 },
    );
  });

  it('reads anything or refuses it with InvalidSpec', () => {
    const piece = fc.constantFrom('a', 'in', 'notin', '(', ')', ',', '=', '!', ' ', '<', '/', '.', '-');
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 12 }), (text) => {
        try {
          assert.deepEqual(validateLabelSelector(parseLabelSelector(text), 'x'), []);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'InvalidSpec', text);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('formatLabelSelector', () => {
  it('writes what the API takes in a query', () => {
    const one: LabelSelector = {
      matchLabels: { app: 'web', tier: '' },
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['b', 'c'] },
        { key: 'd', operator: 'NotIn', values: ['e'] },
        { key: 'f', operator: 'Exists' },
        { key: 'g', operator: 'DoesNotExist' },
        { key: 'h', operator: 'In', values: [''] },
      ],
    };
    assert.equal(formatLabelSelector(one), 'app=web,tier=,a in (b,c),d notin (e),f,!g,h in (,)');
  });

  it('writes nothing for a selector of everything', () => assert.equal(formatLabelSelector({}), ''));
});

describe('matchesLabels', () => {
  const labels = { app: 'web', empty: '' };
  const cases: readonly [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['other!=web', true],
    ['app in (db,web)', true],
    ['app in (db)', false],
    ['other in (web)', false],
    ['app notin (db)', true],
    ['app notin (web)', false],
    ['other notin (web)', true],
    ['app', true],
    ['empty', true],
    ['empty=', true],
    ['other', false],
    ['!app', false],
    ['!other', true],
    ['app=web,!other', true],
    ['app=web,other', false],
    ['constructor', false],
    ['!constructor', true],
    ['constructor!=a', true],
  ];
  for (const [text, expected] of cases) {
    it(`finds that '${text}' ${expected ? 'matches' : 'does not match'} app=web and empty=`, () =>
      assert.equal(matchesLabels(parseLabelSelector(text), labels), expected));
  }

  it('takes an object without labels for one whose labels are none', () => {
    fc.assert(fc.property(selector, (one) => matchesLabels(one, undefined) === matchesLabels(one, {})));
  });

  it('asks that every requirement is met', () => {
    fc.assert(
      fc.property(selector, selector, fc.dictionary(key, value), (left, right, some) => {
        fc.pre(left.matchLabels === undefined || right.matchLabels === undefined);
        const both = {
          matchLabels: { ...left.matchLabels, ...right.matchLabels },
          matchExpressions: [...(left.matchExpressions ?? []), ...(right.matchExpressions ?? [])],
        };
        assert.equal(matchesLabels(both, some), matchesLabels(left, some) && matchesLabels(right, some));
      }),
    );
  });

  it('finds the opposite for the opposite operator', () => {
    const opposite = { In: 'NotIn', NotIn: 'In', Exists: 'DoesNotExist', DoesNotExist: 'Exists' } as const;
    fc.assert(
      fc.property(requirement, fc.dictionary(key, value), (one, some) => {
        const other = { ...one, operator: opposite[one.operator] };
        const [left, right] = [one, other].map((each) => matchesLabels({ matchExpressions: [each] }, some));
        assert.notEqual(left, right);
      }),
    );
  });
});

describe('labelMatcher', () => {
  const labels = { app: 'web', replicas: '3', empty: '', big: '9223372036854775807', long: '9223372036854775808' };
  const cases: readonly [string, boolean][] = [
    ['', true],
    ['app=web,app=web', true],
    ['app=web,app!=web', false],
    ['app in (web,db),replicas,!other', true],
    ['replicas>2', true],
    ['replicas > 3', false],
    ['replicas<4', true],
    ['replicas < 3', false],
    ['replicas>2,replicas<4,app=web', true],
    ['replicas>2,app=db', false],
    ['replicas>002', true],
    ['app>0', false],
    ['app<5', false],
    ['empty<5', false],
    ['other<5', false],
    ['constructor<5', false],
    ['big>9223372036854775806', true],
    ['long>1', false],
  ];
  for (const [text, expected] of cases)
    it(`finds that '${text}' ${expected ? 'holds' : 'does not hold'}`, () =>
      assert.equal(labelMatcher(text)(labels), expected));

  for (const text of [
    'a>',
    'a<',
    'a>b',
    'a>-1',
    'a>1.5',
    'a>9223372036854775808',
    'a>1 2',
    '>1',
    '!a>1',
    'a>=1',
    'a>1,',
    ',a>1',
    'a>1,b c',
    '-a>1',
    'a in (b>1)',
  ])
    it(`refuses '${text}'`, () =>
      assert.throws(() => labelMatcher(text), { code: 'InvalidSpec', message: /^label selector ".*": / }));

  it('finds for every selector that can be read what matchesLabels finds', () => {
    fc.assert(
      fc.property(selector, fc.dictionary(key, value), (one, some) => {
        assert.equal(labelMatcher(formatLabelSelector(one))(some), matchesLabels(one, some));
      }),
    );
  });
});

describe('validateLabelSelector', () => {
  it('finds nothing wrong with any that can be read, nor with null for absent values', () => {
    fc.assert(fc.property(selector, (one) => validateLabelSelector(one, 'x').length === 0));
    const exists = { key: 'a', operator: 'Exists', values: null } as never;
    assert.deepEqual(validateLabelSelector({ matchLabels: null as never, matchExpressions: [exists] }, 'x'), []);
  });

  it('finds all that is wrong at once, each with its path', () => {
    const wrong = {
      matchLabels: { '-a': 'b', c: 'd e' },
      matchExpressions: [
        { key: 'f', operator: 'In' },
        { key: 'g', operator: 'Exists', values: ['h'] },
        { key: 'i', operator: 'Near', values: [] },
        { key: 'j', operator: 'NotIn', values: null },
        { key: '', operator: 'In', values: ['k', '.'] },
      ],
    };
    assert.deepEqual(validateLabelSelector(wrong as unknown as LabelSelector, 'x'), [
      'x.matchLabels: "-a" is no label key',
      'x.matchLabels: "d e" is no label value',
      'x.matchExpressions[0]: In needs values',
      'x.matchExpressions[1]: Exists takes no values',
      'x.matchExpressions[2]: operator: expected one of In, NotIn, Exists, DoesNotExist, got Near',
      'x.matchExpressions[3]: NotIn needs values',
      'x.matchExpressions[4]: "" is no label key',
      'x.matchExpressions[4]: "." is no label value',
    ]);
  });
});

describe('validateLabels', () => {
  it('finds every key and value that Kubernetes would refuse', () => {
    assert.deepEqual(validateLabels({ a: 'b', 'c d': 'e', f: 'g/h' }, 'x'), [
      'x: "c d" is no label key',
      'x: "g/h" is no label value',
    ]);
  });
});
