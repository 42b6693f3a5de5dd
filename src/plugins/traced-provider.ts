import type { Span, SpanAttributes, Trace } from '../api/trace.ts';

/** Which provider it is, for the names and the attributes of its spans. */
export interface TracedAs {
  readonly trace: Trace;
  /** The contract. */
  readonly contract: 'ObjectStore' | 'VolumeSnapshotter';
  readonly attributes: SpanAttributes;
}

/**
 * A store or a snapshotter each call of whose contract is one span, such as `ObjectStore.putObject`: until its promise settles, or its list is
 * read to the end. Of a stream that is handed out, the span tells how long it took to open. What reads its arguments alone has none.
 */
export function tracedProvider<Provider extends object>(provider: Provider, as: TracedAs): Provider {
  return new Proxy(provider, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        const begin = (): Span => as.trace.begin(`${as.contract}.${String(property)}`, as.attributes);
        if (result instanceof Promise) return settled(result, begin());
        return isList(result) ? listed(result, begin) : result;
      };
    },
  });
}

async function settled<T>(promise: Promise<T>, span: Span): Promise<T> {
  try {
    const value = await promise;
    span.end();
    return value;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** The span begins with the first pull: until then nothing is asked. */
async function* listed<T>(list: AsyncIterable<T>, begin: () => Span): AsyncIterable<T> {
  const span = begin();
  let failure: unknown;
  let count = 0;
  try {
    for await (const one of list) {
      count++;
      yield one;
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    span.set({ 'bowline.listed': count });
    span.end(failure);
  }
}

function isList(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
