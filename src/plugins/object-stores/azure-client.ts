import type { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { azureTokens } from '../azure-credentials.ts';
import type { ConfigTexts } from '../config-values.ts';
import { lookUpAccountKey } from './azure-account-key.ts';
import { readAzureConfig, type AzureSettings } from './azure-config.ts';
import { azureError } from './azure-errors.ts';

/** A container, and what is done with it beyond requests. */
export interface AzureContainer {
  readonly container: ContainerClient;
  readonly blockBytes: number;
  /** A URL by which anybody may read a blob in a span of time. */
  sign(key: string, span: { readonly startsOn: Date; readonly expiresOn: Date }): Promise<string>;
}

/** The store's own patience; beyond it the caller's begins. */
const retryOptions = { maxTries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 };

/**
 * Loads the SDK, which only this provider needs, and opens a container. Only where the account's key has to be looked up is
 * anything asked yet. @throws BowlineError `InvalidConfig` with all problems; else what the look-up failed with
 */
export async function openAzureContainer(config: ConfigTexts): Promise<AzureContainer> {
  const settings = await readAzureConfig(config);
  const blob = await import('@azure/storage-blob');
  const { account, accountUrl, blockBytes, container: name, apiVersion: version, tlsOptions } = settings;
  const accountKey = await accountKeyOf(settings);
  const key = accountKey === undefined ? undefined : new blob.StorageSharedKeyCredential(account, accountKey);
  const options = { retryOptions, tlsOptions };
  const pipeline = blob.newPipeline(key ?? (await tokensOf(settings)), options);
  if (version) pipeline.factories.push(speaking(version));
  const service = new blob.BlobServiceClient(accountUrl, pipeline);
  const container = service.getContainerClient(name);
  return {
    container,
    blockBytes,
    async sign(blobName, span) {
      const values = {
        containerName: name,
        blobName,
        permissions: blob.BlobSASPermissions.parse('r'),
        protocol: accountUrl.startsWith('https:') ? blob.SASProtocol.Https : blob.SASProtocol.HttpsAndHttp,
        ...span,
        ...(version && { version }),
      };
      const query = await signature(key);
      return `${container.getBlobClient(blobName).url}?${query.toString()}`;

      async function signature(credential: StorageSharedKeyCredential | undefined) {
        if (credential) return blob.generateBlobSASQueryParameters(values, credential);
        const delegated = await service.getUserDelegationKey(span.startsOn, span.expiresOn);
        return blob.generateBlobSASQueryParameters(values, delegated, account);
      }
    },
  };
}

function tokensOf({ credentials, authority, tlsOptions }: AzureSettings): ReturnType<typeof azureTokens> {
  return azureTokens(credentials, { authority, tlsOptions });
}

async function accountKeyOf(settings: AzureSettings): Promise<string | undefined> {
  const { access, account, credentials } = settings;
  if (access.kind === 'key') return access.accountKey;
  if (access.kind === 'token') return undefined;
  const { management } = credentials.cloud;
  const tokens = await tokensOf(settings);
  const token = await tokens.getToken(`${management}/.default`).catch((error: unknown) => {
    throw azureError(`ask for a token for ${management}`, error);
  });
  return lookUpAccountKey({ management, ...access, account, token: token?.token ?? '' });
}

/** A step of the SDK's pipeline that asks for another version of the service than the SDK's own. */
function speaking(version: string) {
  return {
    create: (next: { sendRequest(request: never): Promise<never> }) => ({
      async sendRequest(request: { headers: { set(name: string, value: string): void } }) {
        request.headers.set('x-ms-version', version);
        return next.sendRequest(request as never);
      },
    }),
  };
}
