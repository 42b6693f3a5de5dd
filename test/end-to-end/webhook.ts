import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Unstructured } from '../../src/api/unstructured.ts';
import { kubernetesServer } from '../support/servers.ts';

/** A validating webhook of a real server. */
export interface Webhook {
  /** Objects that it was asked about, and whether each request was a dry run. */
  readonly asked: { readonly name: string; readonly dryRun: boolean }[];
  /** What makes the API server ask it about the Secrets of a namespace. */
  readonly configuration: Unstructured;
  stop(): Promise<void>;
}

interface Review {
  readonly request: { readonly uid: string; readonly name: string; readonly dryRun?: boolean };
}

/** Starts one that denies objects of that name, and speaks with the API server's own certificate. */
export async function startWebhook(
  name: string,
  { namespace, denied }: { readonly namespace: string; readonly denied: string },
): Promise<Webhook> {
  const certificates = join(dirname((await kubernetesServer()).kubeconfig), 'certificates');
  const cert = readFileSync(join(certificates, 'apiserver.crt'));
  const asked: Webhook['asked'] = [];
  const server = createServer({ cert, key: readFileSync(join(certificates, 'apiserver.key')) }, (request, response) => {
    void text(request).then((body) => {
      const { uid, name: object, dryRun = false } = (JSON.parse(body) as Review).request;
      asked.push({ name: object, dryRun });
      const status = { message: `no ${denied} allowed` };
      const answer = { uid, allowed: object !== denied, ...(object === denied && { status }) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    configuration: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.com`,
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: cert.toString('base64') },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
