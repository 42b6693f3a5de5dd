import assert from 'node:assert/strict';
import { expositionOf, histogramOf, type Family } from '../../src/metrics/exposition.ts';

const gauge: Family = { name: 'depth', type: 'gauge', labels: ['place'], help: 'How deep it is' };

describe('expositionOf', () => {
  it('tells the help, the type and the samples of each family', () => {
    const other: Family = { name: 'calls_total', type: 'counter', labels: [], help: 'Calls' };
    assert.equal(
      expositionOf([
        [gauge, [{ labels: { place: 'bay' }, value: 0.5 }]],
        [other, [{ labels: {}, value: 3 }]],
      ]),
      [
        '# HELP depth How deep it is',
        '# TYPE depth gauge',
        'depth{place="bay"} 0.5',
        '# HELP calls_total Calls',
        '# TYPE calls_total counter',
        'calls_total 3',
        '',
      ].join('\n'),
    );
  });

  it('escapes what would end a label or a line', () => {
    const text = expositionOf([[{ ...gauge, help: 'a\\b\nc' }, [{ labels: { place: 'a"b\\c\nd' }, value: 1 }]]]);
    assert.equal(text, '# HELP depth a\\\\b\\nc\n# TYPE depth gauge\ndepth{place="a\\"b\\\\c\\nd"} 1\n');
  });

  it('tells of a family without samples that it is there', () => {
    assert.equal(expositionOf([[gauge, []]]), '# HELP depth How deep it is\n# TYPE depth gauge\n');
  });
});

describe('histogramOf', () => {
  it('counts into every bucket that is large enough, and sums up', () => {
    const samples = histogramOf([1, 60, 61, 500], { bounds: [60, 300], labels: { schedule: 'a' } });
    assert.deepEqual(
      samples.map(({ suffix, labels, value }) => [suffix, labels['le'], value]),
      [
        ['_bucket', '60', 2],
        ['_bucket', '300', 3],
        ['_bucket', '+Inf', 4],
        ['_sum', undefined, 622],
        ['_count', undefined, 4],
      ],
    );
    assert.ok(samples.every(({ labels }) => labels['schedule'] === 'a'));
  });
});
