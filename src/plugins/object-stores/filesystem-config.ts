import { join } from 'node:path';
import { checkKeys, type ConfigKeys } from '../config-keys.ts';
import { urlProblems, type ConfigTexts } from '../config-values.ts';
import type { UrlSigning } from './signed-url.ts';

/** The settings of the `filesystem` object store. */
export const filesystemKeys: ConfigKeys = {
  required: ['bucket', 'path'],
  optional: ['signedUrlListen', 'publicUrl', 'signedUrlKeyFile'],
};

/** A location's configuration, checked. */
export interface FilesystemSettings {
  readonly path: string;
  /** The bucket's folder. */
  readonly root: string;
  /** How URLs are signed; `undefined` where they are not. */
  readonly signing: UrlSigning | undefined;
  /** Where a worker listens for those who have signed URLs. */
  readonly listen: ListenAddress | undefined;
}

/** An address to listen at. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Checks the configuration. @throws BowlineError `InvalidConfig` with all problems */
export function readFilesystemConfig(config: ConfigTexts): FilesystemSettings {
  const { bucket = '', path = '', signedUrlListen, publicUrl, signedUrlKeyFile } = config;
  const listen = signedUrlListen ? addressOf(signedUrlListen) : undefined;
  checkKeys('filesystem object store', config, filesystemKeys, [
    ...(/^\.{1,2}$|[/\\]/.test(bucket) ? [`expected a folder's name for bucket, got ${bucket}`] : []),
    ...(signedUrlListen && !listen
      ? [`signedUrlListen: expected a host and a port such as 127.0.0.1:8085, got ${signedUrlListen}`]
      : []),
    ...urlProblems(config, ['publicUrl']),
    ...(signedUrlKeyFile && !signedUrlListen && !publicUrl
      ? ['signedUrlKeyFile: of no use without signedUrlListen or publicUrl']
      : []),
  ]);
  const url = publicUrl || (signedUrlListen && `http://${signedUrlListen}`);
  return {
    path,
    root: join(path, bucket),
    signing: url
      ? { url: url.replace(/\/+$/, ''), bucket, keyFile: signedUrlKeyFile || join(path, '.bowline-signing-key') }
      : undefined,
    listen,
  };
}

function addressOf(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]/@]+)):(\d{1,5})$/.exec(text) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
