import type { Origin } from '../../src/metrics/derived-family.ts';
import { families } from '../../src/metrics/families.ts';

const origins: Readonly<Record<Origin, string>> = {
  runs: "runs in Temporal's lists",
  records: 'records in the storage locations',
  'records and runs': 'both',
  'this worker': 'what this worker met',
};

/** The text between a document's two marks, made anew; what stands around them is written by hand. @throws Error without the marks */
export function withFamilies(document: string): string {
  const [begin, end] = ['<!-- made by npm run docs -->', '<!-- end -->'];
  const [before, rest] = document.split(`${begin}\n`);
  const after = rest?.split(`${end}\n`)[1];
  if (before === undefined || after === undefined)
    throw new Error(`a document of metrics has to hold ${begin} and ${end}`);
  return [before, begin, '\n\n', table(), '\n\n', end, '\n', after].join('');
}

function table(): string {
  const rows = families.map(({ name, type, labels, origin, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ') || 'none';
    return `| \`${name}\` | ${type} | ${named} | ${help} | ${origins[origin]} |`;
  });
  return ['| metric | type | labels | what it tells | from |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
