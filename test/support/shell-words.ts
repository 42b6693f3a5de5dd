/** The words of a command as a shell takes them: quotes hold spaces, also within a word, and `#` begins a comment. */
export function shellWords(command: string): string[] {
  const word = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g;
  const words = command.match(word) ?? [];
  const comment = words.findIndex((text) => text.startsWith('#'));
  return words
    .slice(0, comment === -1 ? words.length : comment)
    .map((text) =>
      text.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
    );
}
