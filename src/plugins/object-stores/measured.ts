import { createHash } from 'node:crypto';
import { finished, Readable, Transform } from 'node:stream';
import { BowlineError, errorCode } from '../../api/errors.ts';
import type { WrittenObject } from '../object-store.ts';

/** A body on its way into a store, counted and digested as it passes. */
export interface Measured {
  readonly stream: Readable;
  /** What has passed; to be asked when the stream has ended. */
  written(): WrittenObject;
}

/**
 * Measures a body of either form. The stream fails if the body does, or is destroyed before its end: with the body's own error if
 * that bears one of our codes, else with `Unavailable`. Destroying the stream destroys the body. `observe` is shown each chunk.
 */
export function measured(body: Readable | Uint8Array, observe: (chunk: Buffer) => void = () => undefined): Measured {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      observe(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = body instanceof Uint8Array ? Readable.from([body]) : body;
  finished(source, { writable: false }, (error) => {
    if (error)
      meter.destroy(
        errorCode(error) ? error : new BowlineError('Unavailable', `read body: ${error.message}`, { cause: error }),
      );
  });
  // It may fail before anybody reads it: whoever does then is told so.
  meter.on('error', () => undefined);
  meter.on('close', () => source.destroy());
  source.pipe(meter);
  return { stream: meter, written: () => ({ bytes, sha256: hash.digest('hex') }) };
}
