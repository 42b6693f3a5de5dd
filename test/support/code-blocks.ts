/** A fenced block of a document. */
export interface CodeBlock {
  /** What stands behind the fence: the language, and what else is to be known. */
  readonly info: string;
  readonly code: string;
}

/** The code blocks of a document, in their order, those within lists without their indentation. */
export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^( *)```(.*)\n([^]*?)^\1```/gm)].map(([, indentation, info, code]) => ({
    info: info!,
    code: code!.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  }));
}

/**
 * The lines of an example of output that some output does not have. Between words any space will do, and `…` stands for anything.
 */
export function missingLines(example: string, output: string): string[] {
  const lines = output.split('\n');
  return example.split('\n').filter((line) => {
    if (line.trim() === '') return false;
    const pattern = line
      .trim()
      .split('…')
      .map((part) => part.split(/\s+/).map(escaped).join('\\s+'))
      .join('.*');
    return !lines.some((printed) => new RegExp(`^\\s*${pattern}\\s*$`).test(printed));
  });
}

/** Text as a pattern that it alone matches. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
