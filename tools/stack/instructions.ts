import { quoted } from './quoted.ts';
import type { Stack } from './stack.ts';

/** The commands, a line each, after which a shell finds the stack and the programs for it. */
export function exportLines({ temporal, kubernetes, s3, configFile, programs }: Omit<Stack, 'stop'>): string[] {
  const variables = {
    BOWLINE_CONFIG: configFile,
    KUBECONFIG: kubernetes.kubeconfig,
    TEMPORAL_ADDRESS: temporal.address,
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [...lines, `export PATH=${quoted(programs)}:$PATH`];
}

/** What to tell whoever started the stack: where everything is, and the next commands to type. `envFile` has the export lines. */
export function instructions(stack: Omit<Stack, 'stop'>, envFile?: string): string {
  const { temporal, kubernetes, s3, bucket, configFile } = stack;
  const input = { name: 'second', spec: { includedNamespaces: ['default'] } };
  const first = envFile === undefined ? exportLines(stack) : [`. ${quoted(envFile)}`];
  return `
Temporal       ${temporal.address}
Temporal UI    ${temporal.uiUrl}
Kubernetes     ${kubernetes.url}
kubeconfig     ${kubernetes.kubeconfig}
S3             ${s3.endpoint}, bucket ${bucket}
configuration  ${configFile}

In every other terminal, first:

${first.map((line) => `  ${line}`).join('\n')}

A worker, in a terminal of its own:

  bowline worker

A backup:

  bowline backup create first --include-namespaces default --wait

The same with Temporal's own command, which knows nothing of Bowline:

  temporal workflow execute --task-queue bowline --type backup --workflow-id backup/second --input ${quoted(JSON.stringify(input))}

Ctrl-C stops everything and removes its files.
`;
}
