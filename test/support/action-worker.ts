import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { DefaultFailureConverter, type DataConverter, type Payload } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { HandedBatch } from '../../src/api/handed-batch.ts';
import './quiet-runtime.ts';

/** What a worker of item actions does with a batch. */
export type ExecuteBatch = (batch: HandedBatch) => Promise<unknown>;

/** A Temporal worker for item actions, on a task queue of its own. */
export class ActionWorker {
  readonly taskQueue = `actions-${randomUUID()}`;
  readonly batches: HandedBatch[] = [];
  readonly #address: string;
  readonly #asked = Promise.withResolvers<void>();

  constructor({ address }: { readonly address: string }) {
    this.#address = address;
  }

  /** Resolves when the worker has been handed a batch. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Does `work` while the worker listens. */
  async while<T>(
    execute: ExecuteBatch,
    work: () => Promise<T>,
    dataConverter: DataConverter & { readonly failureConverterPath?: string } = {},
  ): Promise<T> {
    const connection = await NativeConnection.connect({ address: this.#address });
    try {
      const worker = await Worker.create({
        connection,
        taskQueue: this.taskQueue,
        dataConverter,
        activities: {
          executeItemAction: async (batch: HandedBatch) => {
            this.batches.push(batch);
            this.#asked.resolve();
            return execute(batch);
          },
        },
      });
      return await worker.runUntil(work);
    } finally {
      await connection.close();
    }
  }
}

/** Never answers; ends with its worker. */
export const hang: ExecuteBatch = () => Context.current().cancelled;

/** Encodes payloads so that nobody else can read them. */
export const strangeConverter: DataConverter = {
  payloadCodecs: [
    {
      encode: async (payloads) => payloads.map(strange),
      decode: async (payloads) => payloads,
    },
  ],
};

function strange({ data }: Payload): Payload {
  return { metadata: { encoding: Buffer.from('binary/strange') }, data: data ?? new Uint8Array() };
}

/** Puts what a failure says into a payload, too. */
export const failureConverter: DefaultFailureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
