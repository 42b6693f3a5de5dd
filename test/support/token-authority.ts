import { recordingServer, type RecordedRequest } from './recording-server.ts';
import { tlsFront } from './tls-front.ts';

/** An authority that gives tokens, as Microsoft's does, to whoever has the secret `right`. */
export interface TokenAuthority {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  close(): void;
}

const inOneHour = (): number => Math.floor(Date.now() / 1_000) + 3_600;

/** Starts one, behind the loopback's certificate. Its tokens are for storage, and signed by nobody. */
export async function tokenAuthority(tenant: string): Promise<TokenAuthority> {
  const server = await recordingServer(({ url, body }) => {
    const json = { 'content-type': 'application/json' };
    if (url.includes('openid-configuration')) {
      const base = `${front.url}/${tenant}`;
      const found = {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/keys`,
      };
      return { headers: json, body: JSON.stringify(found) };
    }
    if (new URLSearchParams(body.toString()).get('client_secret') !== 'right') {
      const refusal = { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' };
      return { status: 401, headers: json, body: JSON.stringify(refusal) };
    }
    const claims = {
      aud: 'https://storage.azure.com',
      iss: `https://sts.windows.net/${tenant}/`,
      nbf: inOneHour() - 7_200,
      iat: inOneHour() - 7_200,
      exp: inOneHour(),
      oid: tenant,
      tid: tenant,
    };
    const token = [{ alg: 'none', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const given = { token_type: 'Bearer', expires_in: 3_600, access_token: `${token}.unsigned` };
    return { headers: json, body: JSON.stringify(given) };
  });
  const front = await tlsFront(server.url);
  return {
    url: front.url,
    requests: server.requests,
    close() {
      front.close();
      server.close();
    },
  };
}
