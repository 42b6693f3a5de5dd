import assert from 'node:assert/strict';
import { runCase, type CaseResult } from '../../../src/cli/item-action-case.ts';
import { service } from '../../../src/plugins/restore-item-actions/service.ts';
import { object } from '../../support/objects.ts';
import { itMatchesVelero } from '../../support/vectors.ts';

const port = { name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080 };

interface Given {
  readonly applied?: unknown;
  readonly managed?: unknown;
  readonly spec?: object;
}

function restore({ applied, managed, spec = {} }: Given): Promise<CaseResult> {
  const key = 'kubectl.kubernetes.io/last-applied-configuration';
  const metadata = {
    ...(applied !== undefined && {
      annotations: { [key]: typeof applied === 'string' ? applied : JSON.stringify(applied) },
    }),
    ...(managed !== undefined && { managedFields: [{ fieldsV1: null }, { fieldsV1: { 'f:spec': managed } }] }),
  };
  const item = object('v1 Service', 'shop/web', { metadata, spec: { ports: [port], ...spec } });
  return runCase(service, { item }, { log: { info: () => undefined, warning: () => undefined } });
}

function nodePortOf({ item, error }: CaseResult): unknown {
  assert.equal(error, null);
  return (item!['spec'] as { readonly ports: readonly { readonly nodePort?: unknown }[] }).ports[0]?.nodePort;
}

describe('restore item action: service', () => {
  itMatchesVelero('RestoreItemAction/service.json', service);

  const balanced = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 };
  const unnamed = { ports: [{ port: 80, nodePort: 30_080 }] };
  const cases: readonly (Given & { readonly title: string; readonly kept: boolean })[] = [
    { title: 'an annotation that is null', applied: null, kept: false },
    { title: 'an annotation whose spec is null', applied: { spec: null }, kept: false },
    { title: 'applied ports that are no objects', applied: { spec: { ports: [null, 1, 'x', port] } }, kept: true },
    {
      title: 'an applied port with another number',
      applied: { spec: { ports: [{ ...port, nodePort: 1 }] } },
      kept: true,
    },
    { title: 'an applied port without a name', applied: { spec: { ports: [{ nodePort: 30_080 }] } }, kept: false },
    { title: 'the applied number of an unnamed port', applied: { spec: unnamed }, spec: unnamed, kept: true },
    {
      title: 'a name of another type, of a port without a node port',
      applied: { spec: { ports: [{ name: 1, nodePort: 0 }, port] } },
      kept: true,
    },
    { title: 'an annotation beside a managed node port', applied: {}, managed: managedPort('TCP'), kept: false },
    { title: 'a managed node port', managed: managedPort('TCP'), kept: true },
    { title: 'a managed node port of another protocol', managed: managedPort('UDP'), kept: false },
    {
      title: 'a managed port without its node port',
      managed: { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': {} } },
      kept: false,
    },
    { title: 'a managed spec that is null', managed: null, kept: false },
  ];
  for (const { title, kept, ...given } of cases) {
    it(`${kept ? 'keeps' : 'clears'} the node port with ${title}`, async () =>
      assert.equal(nodePortOf(await restore(given)), kept ? 30_080 : undefined));
  }

  const refused: readonly (Given & { readonly title: string })[] = [
    { title: 'applied ports that are null', applied: { spec: { ports: null } } },
    { title: 'an applied spec that is text', applied: { spec: 'x' } },
    { title: 'an applied name that is null', applied: { spec: { ports: [{ ...port, name: null }] } } },
    { title: 'an applied number beyond 64 bits', applied: { spec: { ports: [{ nodePort: '99999999999999999999' }] } } },
    { title: 'an annotation that is no JSON, of a service without ports', applied: '{', spec: { ports: null } },
    { title: 'managed ports that are null', managed: { 'f:ports': null } },
    { title: 'a node port that is text', spec: { ports: [{ ...port, nodePort: '30080' }] }, managed: {}, applied: {} },
    { title: 'a type that is no text', spec: { type: 1 } },
    {
      title: 'an applied health check port that is null',
      applied: { spec: { healthCheckNodePort: null } },
      spec: balanced,
    },
    { title: 'a managed health check port that is null', managed: { 'f:healthCheckNodePort': null }, spec: balanced },
  ];
  for (const { title, ...given } of refused) {
    it(`refuses ${title}`, async () => assert.notEqual((await restore(given)).error, null));
  }

  it('keeps a health check port that a manager owns, whatever the annotation says', async () => {
    const managed = { 'f:healthCheckNodePort': {} };
    const { item } = await restore({ applied: { spec: { healthCheckNodePort: 0 } }, managed, spec: balanced });
    assert.equal((item!['spec'] as { healthCheckNodePort?: number }).healthCheckNodePort, 31_000);
  });
});

function managedPort(protocol: string): object {
  return { 'f:ports': { [`k:{"port":80,"protocol":"${protocol}"}`]: { 'f:nodePort': {} } } };
}
