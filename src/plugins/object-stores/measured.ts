import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import type { WrittenObject } from '../object-store.ts';

/** A body on its way into a store, counted and digested as it passes. */
export interface Measured {
  readonly stream: Readable;
  /** What has passed; to be asked when the stream has ended. */
  written(): WrittenObject;
}

/** Measures a body of either form. */
export function measured(body: Readable | Uint8Array): Measured {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = body instanceof Uint8Array ? Readable.from([Buffer.from(body)], { objectMode: false }) : body;
  source.on('error', (error) => meter.destroy(error));
  meter.on('close', () => source.destroy());
  source.pipe(meter);
  return { stream: meter, written: () => ({ bytes, sha256: hash.digest('hex') }) };
}
