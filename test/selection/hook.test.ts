import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseHookCommand } from '../../src/selection/hook.ts';

describe('parseHookCommand', () => {
  const cases = [
    { title: 'a word is a program', text: '/bin/freeze', command: ['/bin/freeze'] },
    { title: 'a text with spaces is one program: no shell takes part', text: 'sh -c true', command: ['sh -c true'] },
    { title: 'a JSON list is a program and its arguments', text: '["sh", "-c", "a b"]', command: ['sh', '-c', 'a b'] },
    { title: 'null in a list is the empty text', text: '["a", null]', command: ['a', ''] },
    { title: 'an empty list is no command', text: '[]', command: [] },
    { title: 'an empty text is no command', text: '', command: [] },
    { title: 'a list of other things is a program', text: '["a", 1]', command: ['["a", 1]'] },
    { title: 'a bracket that opens no JSON is a program', text: '[a', command: ['[a'] },
    { title: 'a bracket behind a space is not looked for', text: ' ["a"]', command: [' ["a"]'] },
    { title: 'JSON of another type is a program', text: '{"a":1}', command: ['{"a":1}'] },
  ];
  for (const { title, text, command } of cases) it(title, () => assert.deepEqual(parseHookCommand(text), command));

  it('takes any list of texts for what it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        assert.deepEqual(parseHookCommand(JSON.stringify(words)), words);
      }),
    );
  });
});
