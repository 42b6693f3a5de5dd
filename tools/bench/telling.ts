import type { EndedJob } from './job.ts';

/** What a bench tells while it works. */
export interface Telling {
  readonly say: (line: string) => void;
  readonly tell: (what: string, ended: EndedJob) => void;
}
