import type { Stack } from './stack.ts';

/** What to tell whoever started the stack: where everything is, and the next commands to type. */
export function instructions({ temporal, kubernetes, s3, bucket, configFile }: Omit<Stack, 'stop'>): string {
  const variables = {
    BOWLINE_CONFIG: configFile,
    KUBECONFIG: kubernetes.kubeconfig,
    TEMPORAL_ADDRESS: temporal.address,
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const input = { name: 'second', spec: { includedNamespaces: ['default'] } };
  return `
Temporal       ${temporal.address}
Temporal UI    ${temporal.uiUrl}
Kubernetes     ${kubernetes.url}
kubeconfig     ${kubernetes.kubeconfig}
S3             ${s3.endpoint}, bucket ${bucket}
configuration  ${configFile}

In every other terminal, first:

${Object.entries(variables)
  .map(([name, value]) => `  export ${name}=${quoted(value)}`)
  .join('\n')}

A worker, in a terminal of its own:

  npm run bowline -- worker

A backup:

  npm run bowline -- backup create first --include-namespaces default --wait

The same with Temporal's own command, which knows nothing of Bowline:

  ${quoted(temporal.cli)} workflow execute --task-queue bowline --type backup --workflow-id backup/second --input ${quoted(JSON.stringify(input))}

Ctrl-C stops everything and removes its files.
`;
}

/** As a POSIX shell takes it. */
function quoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
