import { readFile } from 'node:fs/promises';
import type {
  AuthClient,
  ExternalAccountClientOptions,
  GoogleAuth,
  IdentityPoolClientOptions,
} from 'google-auth-library';
import { systemCode } from './file-system-errors.ts';

/** A credentials file of Google Cloud, as far as it is read here. */
export interface GoogleCredentials {
  /** `service_account`, `external_account`, `authorized_user`… */
  readonly type: string;
  readonly project_id?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly [key: string]: unknown;
}

const types = ['service_account', 'authorized_user', 'external_account'];

/** Reads a credentials file; what is wrong with it is told, never its content. */
export async function readGoogleCredentials(
  file: string | undefined,
): Promise<{ readonly credentials?: GoogleCredentials; readonly problems: readonly string[] }> {
  if (!file) return { problems: [] };
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { problems: [`credentialsFile: read ${file}: ${systemCode(error)}`] };
  }
  const credentials = parseJson(text) as GoogleCredentials | undefined;
  if (credentials && types.includes(credentials.type)) return { credentials, problems: [] };
  return { problems: [`credentialsFile: ${file} is no JSON whose type is one of ${types.join(', ')}`] };
}

/** What tokens are for. */
export interface GoogleScope {
  readonly scopes: string[];
  readonly universeDomain: string | undefined;
}

/** Makes what asks for tokens with the credentials, or else with what the SDK finds. Loads the SDK. Nothing is asked yet. */
export async function googleAuth(
  credentials: GoogleCredentials | undefined,
  { scopes, universeDomain }: GoogleScope,
): Promise<GoogleAuth> {
  const library = await import('google-auth-library');
  const options = { ...(universeDomain && { universeDomain }) };
  if (!credentials) return new library.GoogleAuth({ scopes, clientOptions: options });
  return new library.GoogleAuth({ scopes, authClient: clientOf() });

  function clientOf(): AuthClient {
    const { type, client_email: email, private_key: key, private_key_id: keyId } = credentials!;
    if (type === 'service_account') {
      const client = new library.JWT({ ...options, email, key, keyId, scopes } as object);
      // It makes its own tokens: no authority is asked.
      client.useJWTAccessWithScope = true;
      return client;
    }
    if (type === 'authorized_user') {
      const client = new library.UserRefreshClient(options);
      client.fromJSON(credentials as object);
      return client;
    }
    const external = { ...credentials, ...options, scopes } as unknown as ExternalAccountClientOptions;
    const { environment_id: environment } =
      (external as { credential_source?: { environment_id?: string } }).credential_source ?? {};
    return environment
      ? new library.AwsClient(external as ConstructorParameters<typeof library.AwsClient>[0])
      : new library.IdentityPoolClient(external as IdentityPoolClientOptions);
  }
}

/** An object's JSON; `undefined` for other text, because the parser's own error quotes it. */
export function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
