import { errorCode } from '../../api/errors.ts';

/** What a request resolves with; nothing if that is not there. */
export async function present<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (errorCode(error) !== 'NotFound') throw error;
    return undefined;
  });
}
