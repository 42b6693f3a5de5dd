import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Answer, Layer } from './fault-proxy.ts';
import type { ProxiedRequest } from './fault-rules.ts';
import type { Clock } from './provider-clock.ts';

/** In what EC2 is slower and more careful than its imitations, which complete snapshots at once and ignore tokens. */
export interface Ec2Semantics {
  /** Default: the machine's. */
  readonly now?: Clock;
  /** A snapshot stays `pending` for so long. Default 0. */
  readonly pendingMs?: number;
  /** A snapshot stays `pending` for so many questions after it, by its id. Default 0. */
  readonly pendingPolls?: number;
  /** Whether a snapshot of that volume ends in `error`. Default: none does. */
  readonly fails?: (volumeId: string) => boolean;
  /** Questions by tag do not show a snapshot until it is so old. Default 0. */
  readonly indexLagMs?: number;
  /** Questions by tag do not show a snapshot until so many have been asked since it was made. Default 0. */
  readonly indexLagCalls?: number;
}

interface KnownSnapshot {
  readonly volumeId: string;
  readonly createdAt: number;
  polls: number;
  /** Questions by tag since it was made. */
  lookups: number;
}

/** A layer for a fault proxy in front of an imitation of EC2. It knows the snapshots that were made through it. */
export function ec2Layer(semantics: Ec2Semantics = {}): Layer {
  const { now = Date.now, pendingMs = 0, pendingPolls = 0, fails = () => false } = semantics;
  const { indexLagMs = 0, indexLagCalls = 0 } = semantics;
  const snapshots = new Map<string, KnownSnapshot>();
  const volumes = new Map<string, { readonly parameters: string; readonly answer: Promise<Recorded> }>();

  function unlisted(id: string): boolean {
    const known = snapshots.get(id);
    if (known === undefined) return false;
    return now() - known.createdAt < indexLagMs || (indexLagCalls > 0 && known.lookups <= indexLagCalls);
  }

  /** A snapshot's item with the status that it would have. */
  function aged(item: string): string {
    const known = snapshots.get(valueOf('snapshotId', item));
    if (known === undefined) return item;
    const age = now() - known.createdAt;
    const isPending = age < pendingMs || (pendingPolls > 0 && known.polls <= pendingPolls);
    const percent = isPending ? Math.floor(Math.min(99, pendingMs > 0 ? (age / pendingMs) * 100 : 0)) : 100;
    const ended = fails(known.volumeId) ? 'error' : 'completed';
    return withValue('progress', `${percent}%`, withValue('status', isPending ? 'pending' : ended, item));
  }

  async function createSnapshot(forward: () => Promise<Answer>): Promise<Answer> {
    const created = await record(await forward());
    const snapshotId = valueOf('snapshotId', created.body);
    if (snapshotId === '') return replay(created);
    const volumeId = valueOf('volumeId', created.body);
    snapshots.set(snapshotId, { volumeId, createdAt: now(), polls: 0, lookups: 0 });
    return replay({ ...created, body: withValue('status', 'pending', withValue('progress', '', created.body)) });
  }

  async function describeSnapshots({ form }: ProxiedRequest, forward: () => Promise<Answer>): Promise<Answer> {
    const described = await record(await forward());
    for (const [field, value] of form) {
      const known = /^SnapshotId\.\d+$/.test(field) ? snapshots.get(value) : undefined;
      if (known) known.polls++;
    }
    const byTag = asksByTag(form);
    if (byTag) for (const known of snapshots.values()) known.lookups++;
    const body = eachItem('snapshotSet', described.body, (item) =>
      byTag && unlisted(valueOf('snapshotId', item)) ? '' : aged(item),
    );
    return replay({ ...described, body });
  }

  async function describeTags(forward: () => Promise<Answer>): Promise<Answer> {
    const described = await record(await forward());
    for (const known of snapshots.values()) known.lookups++;
    const body = eachItem('tagSet', described.body, (item) => (unlisted(valueOf('resourceId', item)) ? '' : item));
    return replay({ ...described, body });
  }

  async function createVolume({ form }: ProxiedRequest, forward: () => Promise<Answer>): Promise<Answer> {
    const token = form.get('ClientToken') ?? '';
    const parameters = form.toString();
    let known = volumes.get(token);
    if (known === undefined) {
      known = { parameters, answer: forward().then(record) };
      volumes.set(token, known);
      // A token stands for a volume: a request that made none can be made again.
      const forget = (): void => void volumes.delete(token);
      known.answer.then(({ status }) => status >= 400 && forget(), forget);
    }
    return known.parameters === parameters ? replay(await known.answer) : mismatch(token);
  }

  return (request, forward) => {
    switch (request.form.get('Action') ?? '') {
      case 'CreateSnapshot':
        return createSnapshot(forward);
      case 'DescribeSnapshots':
        return describeSnapshots(request, forward);
      case 'DescribeTags':
        return describeTags(forward);
      case 'CreateVolume':
        return request.form.has('ClientToken') ? createVolume(request, forward) : undefined;
      default:
        return undefined;
    }
  };
}

/** What EC2 answers, in the place of the service, to a caller whose requests are too many. */
export const ec2Throttled = {
  type: 'refuse',
  status: 503,
  contentType: 'text/xml;charset=UTF-8',
  body: errorXml('RequestLimitExceeded', 'Request limit exceeded.'),
} as const;

/** An answer that has been read. */
interface Recorded extends Omit<Answer, 'body'> {
  readonly body: string;
}

async function record({ status, headers, body }: Answer): Promise<Recorded> {
  return { status, headers, body: await text(body) };
}

function replay({ status, headers, body }: Recorded): Answer {
  // Its length may be another one now.
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = headers;
  return {
    status,
    headers: { ...others, 'content-length': Buffer.byteLength(body) },
    body: Readable.from([Buffer.from(body)]),
  };
}

function mismatch(token: string): Answer {
  const body = errorXml('IdempotentParameterMismatch', `The client token ${token} was used with other parameters.`);
  return replay({ status: 400, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body });
}

function errorXml(code: string, message: string): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>fault-proxy</RequestID></Response>`;
}

function asksByTag(form: URLSearchParams): boolean {
  return [...form].some(([field, value]) => /^Filter\.\d+\.Name$/.test(field) && value.startsWith('tag'));
}

/** The first element's text: items hold no element of the same name before their own. */
function valueOf(element: string, xml: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? '';
}

function withValue(element: string, value: string, xml: string): string {
  return xml.replace(new RegExp(`<${element}>[^<]*</${element}>`), `<${element}>${value}</${element}>`);
}

/** Replaces each `<item>` of the last list of that name, the items in items not counted. */
function eachItem(list: string, xml: string, change: (item: string) => string): string {
  const [begin, end] = [xml.indexOf(`<${list}>`), xml.lastIndexOf(`</${list}>`)];
  if (begin < 0 || end < 0) return xml;
  const from = begin + list.length + 2;
  let [depth, itemAt, items] = [0, 0, ''];
  for (const { 0: tag, index } of xml.slice(from, end).matchAll(/<\/?item>/g)) {
    if (tag === '<item>' && depth++ === 0) itemAt = from + index;
    if (tag === '</item>' && --depth === 0) items += change(xml.slice(itemAt, from + index + tag.length));
  }
  return xml.slice(0, from) + items + xml.slice(end);
}
