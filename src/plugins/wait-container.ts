import type { ItemLog } from './item-action.ts';
import { parseQuantity } from './quantity.ts';

/** What an action's ConfigMap says. */
export type WaitContainerConfig = Readonly<Record<string, string>>;

/** What makes up an init container that waits for the pod's volumes. */
interface WaitContainer {
  readonly name: string;
  readonly image: string;
  /** Default of the configuration's `command`. */
  readonly command: string;
  readonly securityContext: object;
  readonly volumes: readonly string[];
  readonly restoreUid: string;
  readonly config: WaitContainerConfig;
  readonly log: ItemLog;
}

/** Velero's names of the container, up to 1.9 and from 1.10 on. */
const names = ['restic-wait', 'restore-wait'];

/** Whether an init container is one that waits for volumes, of this restore or of an earlier one. */
export function isWaitContainer(container: unknown): boolean {
  return names.includes((container as { readonly name?: string } | null)?.name ?? '');
}

/**
 * An init container that ends when each volume holds the file that says that its content is restored. It reads `command`, `cpuRequest`,
 * `memRequest`, `cpuLimit` and `memLimit` of the configuration.
 */
export function waitContainer(given: WaitContainer): object {
  const { name, image, command, securityContext, volumes, restoreUid, config, log } = given;
  return {
    name,
    image,
    command: [config['command'] || command],
    args: [restoreUid],
    env: [
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    resources: resourcesOf(config, log),
    volumeMounts: volumes.map((volume) => ({ name: volume, mountPath: `/restores/${volume}` })),
    securityContext,
  };
}

/**
 * The image that the configuration names, with `tag` if it has none; `undefined` if it names none, or one without a registry, which
 * Velero ignores.
 */
export function imageOf({ image = '' }: WaitContainerConfig, tag: string): string | undefined {
  if (!image.includes('/')) return undefined;
  return /:[^/]*$/.test(image) ? image : `${image}:${tag}`;
}

const [defaultCpu, defaultMemory] = ['100m', '128Mi'];

interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

/** What the configuration's keys of an amount begin with. */
const prefixes = { cpu: 'cpu', memory: 'mem' } as const;

/** Requests and limits; all are the defaults if one is no quantity or a request exceeds its limit. */
function resourcesOf(config: WaitContainerConfig, log: ItemLog): object {
  const amounts = (of: 'Request' | 'Limit'): Amounts => ({
    cpu: config[`cpu${of}`] || defaultCpu,
    memory: config[`mem${of}`] || defaultMemory,
  });
  const [requests, limits] = [amounts('Request'), amounts('Limit')];
  const problems = (['cpu', 'memory'] as const).flatMap((of) => problemsOf(of, requests[of], limits[of]));
  if (problems.length > 0) {
    log.warning(`the default resources are used: ${problems.join('; ')}`);
    const defaults = { cpu: defaultCpu, memory: defaultMemory };
    return { requests: defaults, limits: { ...defaults } };
  }
  return { requests: bounded(requests), limits: bounded(limits) };
}

function problemsOf(of: keyof Amounts, request: string, limit: string): string[] {
  const [requestKey, limitKey] = [`${prefixes[of]}Request`, `${prefixes[of]}Limit`];
  const [requested, limited] = [parseQuantity(request), parseQuantity(limit)];
  const isNone = (key: string, text: string): string => `key ${key}: ${JSON.stringify(text)} is no quantity`;
  if (requested === undefined || limited === undefined)
    return [
      ...(requested === undefined ? [isNone(requestKey, request)] : []),
      ...(limited === undefined ? [isNone(limitKey, limit)] : []),
    ];
  return limit !== '0' && requested > limited
    ? [`key ${requestKey}: ${request} exceeds ${limit}, which is ${limitKey}`]
    : [];
}

/** `0`, in this spelling alone, means no bound. */
function bounded(amounts: Amounts): object {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== '0'));
}
