import { readFile } from 'node:fs/promises';
import { BowlineError } from '../api/errors.ts';
import type { NotificationTarget } from '../api/notification.ts';

/** What a request needs of a URL: one with a user name and a password is split, since `fetch` takes none with them. */
export interface NotificationUrl {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a target is. Rejects with `InvalidConfig`, in whose message neither the URL nor any part of it is. */
export async function notificationUrl(target: NotificationTarget): Promise<NotificationUrl> {
  const tried = `notify ${target.name}`;
  if (target.unsetVariable !== undefined)
    throw new BowlineError('InvalidConfig', `${tried}: the variable ${target.unsetVariable} is not set`);
  const text = target.urlFile === undefined ? target.url : await textOf(target.urlFile, tried);
  const url = URL.parse(text?.trim() ?? '');
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new BowlineError('InvalidConfig', `${tried}: expected an http or https URL`);
  const { username, password } = url;
  if (username === '' && password === '') return { url, headers: {} };
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${credentials.toString('base64')}` } };
}

async function textOf(file: string, tried: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BowlineError('InvalidConfig', `${tried}: read ${file}: ${code}`, { cause: error });
  }
}
