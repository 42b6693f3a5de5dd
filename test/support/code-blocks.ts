/** A fenced block of a document. */
export interface CodeBlock {
  /** What stands behind the fence: the language, and what else is to be known. */
  readonly info: string;
  readonly code: string;
}

/** The code blocks of a document that begin at the start of a line, in their order. */
export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```(.*)\n([^]*?)^```/gm)].map(([, info, code]) => ({ info: info!, code: code! }));
}
