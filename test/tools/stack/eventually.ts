import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `holds` does; asks every 20 ms, for what other processes do and do not tell of. Rejects after 40 s. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`not within 40 s: ${what}`);
}
