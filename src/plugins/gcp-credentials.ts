import { readFile } from 'node:fs/promises';
import type { AuthClient } from 'google-auth-library';
import { systemCode } from './file-system-errors.ts';

/** A credentials file of Google's, as far as we read it. */
interface CredentialsFile {
  readonly type: 'service_account' | 'external_account' | 'authorized_user';
  readonly project_id?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly refresh_token?: string;
  readonly credential_source?: { readonly environment_id?: string };
}

/** Who asks Google, and for which project. */
export interface GcpCredentials {
  /** The headers that say who asks, fetched anew before they expire. */
  headers(url: string): Promise<Headers>;
  /** The project that the credentials belong to. Rejects if they name none. */
  project(): Promise<string>;
}

const types = ['service_account', 'external_account', 'authorized_user'];

/** What is wrong with a credentials file, and nothing that is in it. */
export async function gcpCredentialsProblems(path: string | undefined): Promise<string[]> {
  if (!path) return [];
  try {
    const { type } = JSON.parse(await readFile(path, 'utf8')) as Partial<CredentialsFile>;
    return types.includes(String(type)) ? [] : [`credentialsFile: ${path} is of no type known: ${types.join(', ')}`];
  } catch (error) {
    return [`credentialsFile: read ${path}: ${systemCode(error) || 'no JSON'}`];
  }
}

/** Credentials of a file that has no problems; without one, the environment's own as Google's library finds them. */
export async function openGcpCredentials(path: string | undefined, scope: string): Promise<GcpCredentials> {
  const library = await import('google-auth-library');
  if (!path) {
    const auth = new library.GoogleAuth({ scopes: [scope] });
    return { headers: (url) => auth.getRequestHeaders(url), project: () => auth.getProjectId() };
  }
  const file = JSON.parse(await readFile(path, 'utf8')) as CredentialsFile;
  const client = clientOf(file, scope, library);
  return {
    headers: (url) => client.getRequestHeaders(url),
    async project() {
      if (file.project_id === undefined) throw new Error(`${path} names no project`);
      return file.project_id;
    },
  };
}

function clientOf(file: CredentialsFile, scope: string, library: typeof import('google-auth-library')): AuthClient {
  if (file.type === 'service_account') {
    const { client_email: email = '', private_key: key = '', private_key_id: keyId = '' } = file;
    return new library.JWT({ email, key, keyId, scopes: [scope] });
  }
  if (file.type === 'authorized_user') {
    const { client_id: clientId = '', client_secret: clientSecret = '', refresh_token: refreshToken = '' } = file;
    return new library.UserRefreshClient({ clientId, clientSecret, refreshToken });
  }
  // Both take the file as it is.
  const options = { ...file, scopes: [scope] } as object;
  return file.credential_source?.environment_id === undefined
    ? new library.IdentityPoolClient(options as ConstructorParameters<typeof library.IdentityPoolClient>[0])
    : new library.AwsClient(options as ConstructorParameters<typeof library.AwsClient>[0]);
}
