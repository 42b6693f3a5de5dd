/** The words of a command as a shell takes them: quotes hold spaces, also within a word. */
export function shellWords(command: string): string[] {
  const word = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g;
  return (command.match(word) ?? []).map((text) =>
    text.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
