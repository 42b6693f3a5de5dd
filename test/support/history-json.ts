import { createRequire } from 'node:module';
import proto from '@temporalio/proto';
import type { History } from './workflow-runner.ts';

/** What of protobufjs turns messages into Temporal's JSON and back. */
interface ProtoJson {
  fromJson(type: unknown, json: unknown): History;
  toJson(type: unknown, message: History): object;
}

// The copy that the types come from: it takes those of no other. `historyFromJSON` of the SDK has another one where npm did not
// share them.
const { fromJson, toJson } = createRequire(import.meta.resolve('@temporalio/proto'))(
  'protobufjs/ext/protojson.js',
) as ProtoJson;
const historyType = (proto as unknown as { lookupType(name: string): unknown }).lookupType(
  'temporal.api.history.v1.History',
);

/** A history as `temporal workflow show --output json` prints it. */
export function historyToJson(history: History): { events: object[] } {
  const message = proto.temporal.api.history.v1.History.fromObject(history);
  return toJson(historyType, message) as { events: object[] };
}

/** The history that such JSON is of. */
export function historyFromJson(json: unknown): History {
  return fromJson(historyType, json);
}
