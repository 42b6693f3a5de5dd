import type { ObjectStore } from '../../../src/plugins/object-store.ts';

/** Every method that asks the server, by name. */
export const everyCall: readonly [name: string, call: (store: ObjectStore) => Promise<unknown>][] = [
  ['putObject', (store) => store.putObject('k', Buffer.from('x'))],
  ['putObject, ifAbsent', (store) => store.putObject('k', Buffer.from('x'), { ifAbsent: true })],
  ['objectExists', (store) => store.objectExists('k')],
  ['statObject', (store) => store.statObject('k')],
  ['getObject', (store) => store.getObject('k')],
  ['deleteObject', (store) => store.deleteObject('k')],
  ['listObjects', (store) => drain(store.listObjects(''))],
  ['listCommonPrefixes', (store) => drain(store.listCommonPrefixes('', '/'))],
];

async function drain(keys: AsyncIterable<string>): Promise<void> {
  for await (const key of keys) throw new Error(`listed ${key}`);
}
