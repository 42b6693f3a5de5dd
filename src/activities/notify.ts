import { BowlineError, type ErrorCode } from '../api/errors.ts';
import type { NotificationTarget, RunNotification } from '../api/notification.ts';
import type { Dependencies } from './dependencies.ts';
import { activitySignal } from './lease.ts';
import { notificationUrl } from './notification-url.ts';
import { slackText } from './slack-text.ts';

/** The last steps of a run: who is told of its end. */
export interface NotifyActivities {
  /** The names of those that want to hear of a run that ended so. Only reads the configuration. */
  selectNotifications(run: Pick<RunNotification, 'kind' | 'phase'>): Promise<string[]>;
  /**
   * Sends a notification to one of them, once an attempt. May be repeated: the receiver tells doubles by `id`, which is also the header
   * `Idempotency-Key`. Fails with `Unavailable` or `Throttled` where a repetition may help, else with `InvalidConfig`,
   * `AccessDenied`, `NotFound` or `Unsupported`. No failure holds the URL or any part of it.
   */
  sendNotification(input: { readonly target: string; readonly notification: RunNotification }): Promise<void>;
}

const timeoutMs = 10_000;
const longestDelayMs = 30_000;

/** The activities over a worker's dependencies. */
export function createNotify({ config }: Dependencies): NotifyActivities {
  const { notifications } = config;
  return {
    async selectNotifications({ kind, phase }) {
      const wanting = notifications.filter(({ kinds, phases }) => kinds.includes(kind) && phases.includes(phase));
      return wanting.map(({ name }) => name);
    },

    async sendNotification({ target: name, notification }) {
      const target = notifications.find((candidate) => candidate.name === name);
      if (target === undefined) throw new BowlineError('InvalidConfig', `notify ${name}: no notification of that name`);
      await send(target, notification);
    },
  };
}

async function send(target: NotificationTarget, notification: RunNotification): Promise<void> {
  const tried = `notify ${target.name}`;
  const { url, headers } = await notificationUrl(target);
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': notification.id },
    body: JSON.stringify(target.format === 'slack' ? { text: slackText(notification) } : notification),
    // Another address could be anybody's.
    redirect: 'manual',
    signal: AbortSignal.any([activitySignal(), AbortSignal.timeout(timeoutMs)]),
  }).catch((error: Error) => {
    // What it says beyond the code may name the host.
    const { code = error.name } = (error.cause ?? {}) as NodeJS.ErrnoException;
    throw new BowlineError('Unavailable', `${tried}: ${code}`);
  });
  await response.body?.cancel();
  if (response.ok) return;
  const retryAfterMs = delayOf(response.headers.get('retry-after'));
  throw new BowlineError(codeOf(response.status), `${tried}: ${response.status}`, {
    status: response.status,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 429) return 'Throttled';
  if (status >= 500 || status === 408) return 'Unavailable';
  if (status === 401 || status === 403) return 'AccessDenied';
  return status === 404 || status === 410 ? 'NotFound' : 'Unsupported';
}

/** Seconds; a date is not asked for by those who are known to ask at all. */
function delayOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null || !/^\d+$/.test(retryAfter)) return undefined;
  return Math.min(Number(retryAfter) * 1_000, longestDelayMs);
}
