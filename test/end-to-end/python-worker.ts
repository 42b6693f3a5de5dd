import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '../../tools/stack/python.ts';
import { s3Server, temporalServer } from '../support/servers.ts';

const example = (file: string): string =>
  fileURLToPath(new URL(`../../examples/item-action-worker-python/${file}`, import.meta.url));

/** The example's worker in a process of its own. */
export interface PythonWorker {
  /** Resolves when it is gone; what it has printed is in the message if it ended by itself. */
  kill(): Promise<void>;
}

/** Installs what the example needs. The first time it takes a while. */
export function installPythonWorker(): Promise<string> {
  return pythonWith(example('requirements.txt'));
}

/** Starts the example on a task queue. It reads and writes the buckets of `s3Endpoint`. */
export async function startPythonWorker(taskQueue: string, s3Endpoint: string): Promise<PythonWorker> {
  const [python, s3, temporal] = [await installPythonWorker(), await s3Server(), await temporalServer()];
  const child = spawn(python, [example('worker.py')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: temporal.address,
      TASK_QUEUE: taskQueue,
      AWS_ENDPOINT_URL_S3: s3Endpoint,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    async kill() {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      kill();
      await ended;
    },
  };
}
