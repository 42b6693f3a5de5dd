import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './provider-clock.ts';

/** A snapshot as the provider has it. */
export interface ProviderSnapshot {
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** By the provider's clock, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** A volume as the provider has it. */
export interface ProviderVolume {
  readonly volumeId: string;
  /** Absent for a volume that was not made from one. */
  readonly snapshotId?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

export interface SnapshotProviderOptions {
  /** Default: the machine's. */
  readonly now?: Clock;
  /** How long the acceptance of a snapshot or a volume takes, in milliseconds of the machine's clock. Default 0. */
  readonly acceptMs?: number;
  /** How long a snapshot or a volume is `pending`, in milliseconds of the provider's clock. Default 0. */
  readonly pendingMs?: number;
  /** How old a snapshot or a volume is before a list shows it, by the provider's clock. Default 0. */
  readonly indexLagMs?: number;
  /** Requests a second that are answered, by the machine's clock; others get a 429. Default: all. */
  readonly requestsPerSecond?: number;
}

/**
 * A provider of snapshots that takes its time: one HTTP server on the loopback, with its state in this process's memory, so that
 * workers and Temporal can be killed as they like. Like EC2 it makes one volume per token, but a snapshot per request, and its
 * lists lag.
 */
export interface SnapshotProvider {
  readonly url: string;
  /** Everything that it holds, whatever its lists show. */
  readonly snapshots: ReadonlyMap<string, ProviderSnapshot>;
  readonly volumes: ReadonlyMap<string, ProviderVolume>;
  /** When it last accepted a snapshot, by the machine's clock; 0 if never. */
  readonly lastAcceptedAt: number;
  /** How often it was asked how far a snapshot is. */
  readonly polls: number;
  /** Puts a volume there. */
  addVolume(volumeId: string, tags?: Readonly<Record<string, string>>): void;
  /** Puts a snapshot there that was made past all of this. */
  addSnapshot(snapshot: Omit<ProviderSnapshot, 'snapshotId'>): ProviderSnapshot;
  stop(): Promise<void>;
}

/** What a request is answered with. */
interface Reply {
  readonly status: number;
  readonly body?: object;
}

const notFound: Reply = { status: 404 };

/** Starts a provider, empty. */
export async function startSnapshotProvider(options: SnapshotProviderOptions = {}): Promise<SnapshotProvider> {
  const provider = new Provider(options);
  const server = createServer((request, response) => {
    answer(provider, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return Object.assign(provider, {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function answer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  const { pathname, searchParams } = new URL(url, 'http://provider');
  const [kind, id] = pathname.split('/').slice(1).map(decodeURIComponent);
  const body = method === 'POST' ? await json(request) : undefined;
  const reply = provider.throttles() ? { status: 429 } : await route();
  const retryAfter = reply.status === 429 ? { 'retry-after': '1' } : {};
  response.writeHead(reply.status, { 'content-type': 'application/json', ...retryAfter });
  response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));

  async function route(): Promise<Reply> {
    switch (`${method} ${kind}`) {
      case 'POST snapshots':
        return provider.createSnapshot(body as Pick<ProviderSnapshot, 'volumeId' | 'tags'>);
      case 'GET snapshots':
        return id === undefined ? provider.listSnapshots(searchParams) : provider.describeSnapshot(id);
      case 'DELETE snapshots':
        return provider.deleteSnapshot(id ?? '');
      case 'POST volumes':
        return provider.createVolume(body as NewVolume);
      case 'GET volumes':
        return id === undefined ? provider.listVolumes(searchParams) : provider.describeVolume(id);
      case 'DELETE volumes':
        return provider.deleteVolume(id ?? '');
      default:
        return notFound;
    }
  }
}

/** A volume that is asked for. */
interface NewVolume {
  readonly snapshotId: string;
  readonly token: string;
  readonly tags: Readonly<Record<string, string>>;
}

class Provider {
  readonly snapshots = new Map<string, ProviderSnapshot>();
  readonly volumes = new Map<string, ProviderVolume>();
  lastAcceptedAt = 0;
  polls = 0;
  readonly #tokens = new Map<string, string>();
  readonly #now: Clock;
  readonly #options: Required<Omit<SnapshotProviderOptions, 'now'>>;
  #ids = 0;
  #credit: { requests: number; at: number };

  constructor({ now = Date.now, acceptMs = 0, pendingMs = 0, indexLagMs = 0, ...rest }: SnapshotProviderOptions) {
    const { requestsPerSecond = Infinity } = rest;
    this.#now = now;
    this.#options = { acceptMs, pendingMs, indexLagMs, requestsPerSecond };
    this.#credit = { requests: requestsPerSecond, at: Date.now() };
  }

  addVolume(volumeId: string, tags: Readonly<Record<string, string>> = {}): void {
    this.volumes.set(volumeId, { volumeId, tags, createdAt: 0 });
  }

  addSnapshot(snapshot: Omit<ProviderSnapshot, 'snapshotId'>): ProviderSnapshot {
    const added = { ...snapshot, snapshotId: this.#id('snap') };
    this.snapshots.set(added.snapshotId, added);
    return added;
  }

  /** Whether a request is one too many. A second's worth of them may come at once. */
  throttles(): boolean {
    const { requestsPerSecond } = this.#options;
    if (requestsPerSecond === Infinity) return false;
    const now = Date.now();
    const earned = ((now - this.#credit.at) / 1_000) * requestsPerSecond;
    this.#credit = { requests: Math.min(requestsPerSecond, this.#credit.requests + earned), at: now };
    if (this.#credit.requests < 1) return true;
    this.#credit.requests--;
    return false;
  }

  async createSnapshot({ volumeId, tags }: Pick<ProviderSnapshot, 'volumeId' | 'tags'>): Promise<Reply> {
    if (!this.volumes.has(volumeId)) return notFound;
    const { snapshotId } = this.addSnapshot({ volumeId, tags, createdAt: this.#now() });
    await this.#accept();
    this.lastAcceptedAt = Date.now();
    return { status: 201, body: { snapshotId } };
  }

  listSnapshots(tags: URLSearchParams): Reply {
    return { status: 200, body: { snapshots: this.#listed(this.snapshots, tags) } };
  }

  describeSnapshot(snapshotId: string): Reply {
    this.polls++;
    const snapshot = this.snapshots.get(snapshotId);
    return snapshot ? { status: 200, body: { ...snapshot, ...this.#progress(snapshot.createdAt) } } : notFound;
  }

  deleteSnapshot(snapshotId: string): Reply {
    return this.snapshots.delete(snapshotId) ? { status: 204 } : notFound;
  }

  async createVolume({ snapshotId, token, tags }: NewVolume): Promise<Reply> {
    let volumeId = this.#tokens.get(token);
    if (volumeId === undefined) {
      if (!this.snapshots.has(snapshotId)) return notFound;
      volumeId = this.#id('vol');
      this.#tokens.set(token, volumeId);
      this.volumes.set(volumeId, { volumeId, snapshotId, tags, createdAt: this.#now() });
      await this.#accept();
    }
    return { status: 201, body: { volumeId } };
  }

  describeVolume(volumeId: string): Reply {
    const volume = this.volumes.get(volumeId);
    return volume ? { status: 200, body: { ...volume, ...this.#progress(volume.createdAt) } } : notFound;
  }

  listVolumes(tags: URLSearchParams): Reply {
    return { status: 200, body: { volumes: this.#listed(this.volumes, tags) } };
  }

  deleteVolume(volumeId: string): Reply {
    return this.volumes.delete(volumeId) ? { status: 204 } : notFound;
  }

  /** Those that bear all of the tags, each a parameter, and are old enough. */
  #listed<T extends { readonly tags: Readonly<Record<string, string>>; readonly createdAt: number }>(
    all: ReadonlyMap<string, T>,
    tags: URLSearchParams,
  ): T[] {
    const { indexLagMs } = this.#options;
    const youngest = this.#now() - indexLagMs;
    return [...all.values()].filter(
      (one) =>
        (indexLagMs === 0 || one.createdAt <= youngest) && [...tags].every(([key, value]) => one.tags[key] === value),
    );
  }

  #progress(createdAt: number): { readonly state: 'pending' | 'ready'; readonly percent: number } {
    const { pendingMs } = this.#options;
    const age = this.#now() - createdAt;
    return age >= pendingMs
      ? { state: 'ready', percent: 100 }
      : { state: 'pending', percent: Math.floor((age / pendingMs) * 100) };
  }

  async #accept(): Promise<void> {
    if (this.#options.acceptMs > 0) await sleep(this.#options.acceptMs);
  }

  #id(kind: 'snap' | 'vol'): string {
    return `${kind}-${(++this.#ids).toString(16).padStart(8, '0')}`;
  }
}
