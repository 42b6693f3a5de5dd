import { addAbortSignal, Readable } from 'node:stream';
import type { BowlineError } from '../../api/errors.ts';
import { interrupted } from '../interruption.ts';

/** What a body's failures are told with. */
export interface BodyOptions {
  /** What was tried, for messages. */
  readonly tried: string;
  readonly signal: AbortSignal | undefined;
  /** Maps what the source fails with. */
  readonly fault: (tried: string, error: unknown) => BowlineError;
}

/** A source as callers read it: it fails with `BowlineError`s, with `Interrupted` once the signal fires, and closing it closes the source. */
export function bodyOf(source: Readable, { tried, signal, fault }: BodyOptions): Readable {
  if (signal) addAbortSignal(signal, source);
  // Where nobody reads any more, nobody hears of a failure.
  source.on('error', () => undefined);
  async function* chunks(): AsyncGenerator<unknown, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      throw signal?.aborted ? interrupted(tried, error) : fault(tried, error);
    }
  }
  const body = Readable.from(chunks(), { objectMode: false });
  body.on('close', () => source.destroy());
  return body;
}
