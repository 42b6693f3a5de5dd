import type { Filter, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { BowlineError } from '../../api/errors.ts';
import { interrupted, throwIfInterrupted } from '../interruption.ts';
import type { CallOptions } from '../object-store.ts';
import type { Ec2Clients } from './aws-client.ts';
import { ec2Error } from './aws-errors.ts';
import { present } from './present.ts';

/** What one page of a list holds at most. */
const pageSize = 500;

interface Sent {
  abortSignal?: AbortSignal;
}

/** The calls of EC2 that snapshots take. */
export class Ec2Api {
  readonly clients: Ec2Clients;

  constructor(clients: Ec2Clients) {
    this.clients = clients;
  }

  /** Rejects with `NotFound` if the volume is absent, or on its way out. */
  async volume(volumeId: string, options: CallOptions): Promise<Volume> {
    const { client, ec2 } = this.clients;
    const tried = `describe volume ${volumeId}`;
    assertId(tried, 'vol', volumeId);
    const command = new ec2.DescribeVolumesCommand({ VolumeIds: [volumeId] });
    const { Volumes = [] } = await this.#send(tried, options, (sent) => client.send(command, sent));
    const there = Volumes.filter(({ State }) => State !== 'deleting' && State !== 'deleted');
    return theOne(tried, there);
  }

  /** Rejects with `NotFound` if the snapshot is absent, or in the recycle bin. */
  async snapshot(snapshotId: string, options: CallOptions): Promise<Snapshot> {
    const { client, ec2 } = this.clients;
    const tried = `describe snapshot ${snapshotId}`;
    assertId(tried, 'snap', snapshotId);
    const command = new ec2.DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] });
    const { Snapshots = [] } = await this.#send(tried, options, (sent) => client.send(command, sent));
    const there = Snapshots.filter(({ State }) => State !== 'recoverable');
    return theOne(tried, there);
  }

  /** Every snapshot of the account's own that the filters leave, page by page. */
  async *snapshots(wanted: Filter[], options: CallOptions): AsyncIterable<Snapshot> {
    const { client, ec2 } = this.clients;
    for (let token: string | undefined, more = true; more; more = Boolean(token)) {
      const page = { OwnerIds: ['self'], MaxResults: pageSize, ...(token && { NextToken: token }), ...some(wanted) };
      const { Snapshots = [], NextToken } = await this.#send('list snapshots', options, (sent) =>
        client.send(new ec2.DescribeSnapshotsCommand(page), sent),
      );
      yield* Snapshots;
      token = NextToken;
    }
  }

  /** Every volume that the filters leave, page by page. */
  async *volumes(wanted: Filter[], options: CallOptions): AsyncIterable<Volume> {
    const { client, ec2 } = this.clients;
    for (let token: string | undefined, more = true; more; more = Boolean(token)) {
      const page = { MaxResults: pageSize, ...(token && { NextToken: token }), ...some(wanted) };
      const { Volumes = [], NextToken } = await this.#send('list volumes', options, (sent) =>
        client.send(new ec2.DescribeVolumesCommand(page), sent),
      );
      yield* Volumes;
      token = NextToken;
    }
  }

  /** Sends a request that creates. The signal does not stop it on its way: what an interrupted request made, nobody would know. */
  async create<T>(tried: string, { signal }: CallOptions, send: () => Promise<T>): Promise<T> {
    throwIfInterrupted(tried, signal);
    return this.#send(tried, {}, send);
  }

  /** An absent one is deleted. */
  async deleteSnapshot(snapshotId: string, options: CallOptions): Promise<void> {
    const { client, ec2 } = this.clients;
    const tried = `delete snapshot ${snapshotId}`;
    if (!isId('snap', snapshotId)) return;
    const command = new ec2.DeleteSnapshotCommand({ SnapshotId: snapshotId });
    await present(this.#send(tried, options, (sent) => client.send(command, sent)));
  }

  /** An absent one is deleted. */
  async deleteVolume(volumeId: string, options: CallOptions): Promise<void> {
    const { client, ec2 } = this.clients;
    const tried = `delete volume ${volumeId}`;
    if (!isId('vol', volumeId)) return;
    const command = new ec2.DeleteVolumeCommand({ VolumeId: volumeId });
    await present(this.#send(tried, options, (sent) => client.send(command, sent)));
  }

  async #send<T>(tried: string, { signal }: CallOptions, send: (sent: Sent) => Promise<T>): Promise<T> {
    throwIfInterrupted(tried, signal);
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw signal?.aborted ? interrupted(tried, error) : ec2Error(tried, error);
    }
  }
}

function some(wanted: Filter[]): { Filters?: Filter[] } {
  return wanted.length > 0 ? { Filters: wanted } : {};
}

function theOne<T>(tried: string, found: readonly T[]): T {
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  throw new BowlineError('NotFound', `${tried}: expected one, got ${found.length}`);
}

function assertId(tried: string, kind: 'snap' | 'vol', id: string): void {
  if (!isId(kind, id)) throw new BowlineError('NotFound', `${tried}: no such id`);
}

/** A backup's files may say anything: what is no id of EC2's is nothing that it has. */
function isId(kind: 'snap' | 'vol', id: string): boolean {
  return new RegExp(`^${kind}-[0-9a-f]+$`).test(id);
}
