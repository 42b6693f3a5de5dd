import { BowlineError } from '../../api/errors.ts';
import { azureError } from './azure-errors.ts';

/** A storage account as Azure Resource Manager knows it. */
export interface AccountQuery {
  /** Azure Resource Manager. */
  readonly management: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly account: string;
  readonly token: string;
}

const apiVersion = '2023-05-01';

/** Asks for an account's keys and gives the first that allows everything. Rejects with one of our codes, `InvalidConfig` for an account that is not there. */
export async function lookUpAccountKey({
  management,
  subscription,
  resourceGroup,
  account,
  token,
}: AccountQuery): Promise<string> {
  const tried = `look up the key of storage account ${account} in ${resourceGroup}`;
  const group = ['subscriptions', subscription, 'resourceGroups', resourceGroup];
  const path = [...group, 'providers', 'Microsoft.Storage', 'storageAccounts', account].map(encodeURIComponent);
  const url = `${management}/${path.join('/')}/listKeys?api-version=${apiVersion}&$expand=kerb`;
  const response = await send(tried, url, token);
  const { keys = [] } = (await response.json()) as {
    readonly keys?: readonly { readonly value?: string; readonly permissions?: string }[];
  };
  const full = keys.find(({ permissions, value }) => permissions?.toLowerCase() === 'full' && value);
  if (full?.value) return full.value;
  throw new BowlineError('AccessDenied', `${tried}: none that allows everything`);
}

async function send(tried: string, url: string, token: string): Promise<Response> {
  let response;
  try {
    response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  } catch (error) {
    throw azureError(tried, (error as Error).cause ?? error);
  }
  if (response.ok) return response;
  const text = await response.text();
  const code = /"code"\s*:\s*"(\w+)"/.exec(text)?.[1];
  const error = azureError(tried, { statusCode: response.status, message: text, ...(code && { code }) });
  throw error.code === 'NotFound'
    ? new BowlineError('InvalidConfig', error.message, { status: response.status, detail: text })
    : error;
}
