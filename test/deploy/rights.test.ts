import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import type { Unstructured } from '../../src/api/unstructured.ts';
import type { Results } from '../../src/backup-format/results.ts';
import { createEnvironment, readBackup, type Environment } from '../end-to-end/environment.ts';
import { temporaryFolder } from '../plugins/temporary-folder.ts';
import { openCluster, type Answer, type Call, type Cluster } from './cluster.ts';
import { renderRelease } from './manifests.ts';

/** Where the accounts are, and where what is backed up is. */
const [home, shop] = ['rights-bowline', 'rights-shop'];

/** Where it is restored to. */
const restored = ['rights-restored', 'rights-narrow'];

/** Of `rbac.restore.rules`: an installation that may restore ConfigMaps alone. */
const configMapsOnly = [{ apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs: ['get', 'list', 'create'] }];

const object = (apiVersion: string, kind: string, name: string, others: object = {}): Unstructured =>
  ({ apiVersion, kind, metadata: { name, namespace: shop }, ...others }) as Unstructured;

const rbac = 'rbac.authorization.k8s.io/v1';

/** What is backed up. The last three would give rights that the restore's own account does not have. */
const application: readonly Unstructured[] = [
  object('v1', 'ConfigMap', 'settings', { data: { a: 'b' } }),
  object('v1', 'Secret', 'password', { data: { a: 'Yg==' } }),
  object('v1', 'ServiceAccount', 'cashier'),
  object(rbac, 'Role', 'reader', { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] }),
  object(rbac, 'RoleBinding', 'reader', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'cashier', namespace: shop }],
  }),
  object(rbac, 'Role', 'remover', { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['delete'] }] }),
  object(rbac, 'RoleBinding', 'owner', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'cashier', namespace: shop }],
  }),
  {
    ...object(rbac, 'ClusterRoleBinding', 'rights-shop-owner', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'cashier', namespace: shop }],
    }),
    metadata: { name: 'rights-shop-owner' },
  },
];

interface Try extends Call {
  readonly title: string;
}

const accounts = `/api/v1/namespaces/${shop}/serviceaccounts`;
const clusterRoles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

/** What neither a backup nor a restore does. */
const writes: readonly Try[] = [
  { title: 'replace a ConfigMap', method: 'PUT', path: `/api/v1/namespaces/${shop}/configmaps/settings` },
  { title: 'delete a ConfigMap', method: 'DELETE', path: `/api/v1/namespaces/${shop}/configmaps/settings` },
  { title: 'delete all Secrets', method: 'DELETE', path: `/api/v1/namespaces/${shop}/secrets` },
  { title: 'delete a namespace', method: 'DELETE', path: `/api/v1/namespaces/${shop}` },
  { title: 'watch Secrets', method: 'GET', path: '/api/v1/secrets?watch=1' },
  { title: 'replace a status', method: 'PUT', path: `/api/v1/namespaces/${shop}/status` },
  {
    title: 'act as somebody else',
    method: 'GET',
    path: '/api/v1/namespaces',
    headers: { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' },
  },
  {
    title: 'give rights that it does not have',
    method: 'POST',
    path: clusterRoles,
    body: {
      ...object(rbac, 'ClusterRole', 'all'),
      metadata: { name: 'all' },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    },
  },
  { title: "read the server's metrics", method: 'GET', path: '/metrics' },
];

describe('the rights of workers', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const environments: Environment[] = [];
  /** Cluster-scoped, and so not gone with a namespace. */
  const installed: Unstructured[] = [];

  before(async () => {
    cluster = await openCluster();
    for (const name of [home, shop])
      taken(await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as Unstructured));
    for (const one of application) taken(await cluster.apply(one));
  });

  after(async () => {
    await Promise.all(environments.map((environment) => environment.stop()));
    const namespaces = [home, shop, ...restored].map((name) => object('v1', 'Namespace', name));
    for (const one of [...namespaces, ...installed, application.at(-1)!]) await cluster.remove(one);
    await cluster.close();
  });

  /** Installs the account and the roles of a release; resolves with a token of it. */
  async function install(release: string, rules: object = {}): Promise<string> {
    const values = join(temporaryFolder(), 'values.yaml');
    writeFileSync(values, JSON.stringify({ rbac: rules }));
    for (const one of await renderRelease(release, home, '--values', values))
      if (['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding'].includes(one.kind)) {
        taken(await cluster.apply(one));
        if (one.kind !== 'ServiceAccount') installed.push(one);
      }
    return cluster.tokenOf(home, `${release}-bowline`);
  }

  /** A Bowline whose worker has that token. */
  async function workerWith(name: string, token: string, storageOf?: Environment): Promise<Environment> {
    const kubeconfig = cluster.kubeconfigOf(token);
    const environment = await createEnvironment(name, {
      settings: () => ({ kubernetes: { kubeconfig } }),
      ...(storageOf && { storageOf }),
    });
    environments.push(environment);
    environment.startWorker();
    return environment;
  }

  const exists = async ({ kind, metadata: { name } }: Unstructured, namespace: string): Promise<boolean> => {
    const group = ['Role', 'RoleBinding'].includes(kind) ? '/apis/rbac.authorization.k8s.io/v1' : '/api/v1';
    const path = `${group}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
    return (await cluster.send({ method: 'GET', path })).status === 200;
  };

  /** All errors of a restore, as its results tell them. */
  async function errorsOf(environment: Environment, restore: string): Promise<string[]> {
    const file = await environment.store.getObject(`restores/${restore}/restore-${restore}-results.gz`);
    const { errors } = JSON.parse(await text(file.pipe(createGunzip()))) as Results;
    return [errors.velero ?? [], errors.cluster ?? [], ...Object.values(errors.namespaces ?? {})].flat();
  }

  describe('that back up', () => {
    let token: string;
    let environment: Environment;
    before(async () => {
      token = await install('backup-only', { restore: { create: false } });
      environment = await workerWith('rights-backup', token);
    });

    it('are enough for a backup of a namespace and of what belongs to no namespace', async () => {
      // Volumes of other tests, whose files may be gone.
      const spec = { includedNamespaces: [shop], includeClusterResources: true, snapshotVolumes: false };
      const result = await environment.run('backup', { name: 'rights', spec });
      assert.deepEqual([result.phase, result.errors, result.warnings], ['Completed', 0, 0]);
      const items = await readBackup(environment, 'rights');
      for (const path of [`configmaps/${shop}/settings`, `secrets/${shop}/password`])
        assert.ok(items.has(path), [...items.keys()].join(' '));
      assert.ok(items.has('clusterrolebindings.rbac.authorization.k8s.io//rights-shop-owner'));
    });

    it('restore nothing', async () => {
      const spec = { backupName: 'rights', namespaceMapping: { [shop]: 'rights-nothing' } };
      await environment.run('restore', { name: 'nothing', spec }).catch(() => undefined);
      assert.equal((await cluster.send({ method: 'GET', path: '/api/v1/namespaces/rights-nothing' })).status, 404);
      for (const one of application) assert.equal(await exists(one, 'rights-nothing'), false);
    });

    it('are those that the role lists, and no others', async () => {
      assert.deepEqual(await rulesOf(token), [
        { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
        { verbs: ['get', 'list'], apiGroups: ['*'], resources: ['*'] },
      ]);
    });

    it('are enough for hooks, whichever verb the server asks for', async () => {
      for (const method of ['GET', 'POST']) {
        const path = `/api/v1/namespaces/${shop}/pods/absent/exec?command=true`;
        assert.equal((await cluster.send({ method, path }, token)).status, 404);
      }
    });

    triesInVain(
      () => token,
      [
        ...writes,
        { title: 'create a ConfigMap', method: 'POST', path: `/api/v1/namespaces/${shop}/configmaps` },
        { title: 'create a pod', method: 'POST', path: `/api/v1/namespaces/${shop}/pods` },
        { title: 'create a namespace', method: 'POST', path: '/api/v1/namespaces' },
        { title: "take another account's token", method: 'POST', path: `${accounts}/cashier/token` },
        { title: 'evict a pod', method: 'POST', path: `/api/v1/namespaces/${shop}/pods/x/eviction` },
        { title: 'forward a port', method: 'POST', path: `/api/v1/namespaces/${shop}/pods/x/portforward` },
        {
          title: 'patch a ConfigMap',
          method: 'PATCH',
          path: `/api/v1/namespaces/${shop}/configmaps/settings`,
          contentType: 'application/merge-patch+json',
        },
      ],
    );
  });

  describe('that restore', () => {
    let token: string;
    let environment: Environment;
    before(async () => {
      token = await install('whole');
      environment = await workerWith('rights-restore', token, environments[0]);
    });

    it('restore what gives no right that they do not have, and tell of each refusal', async () => {
      const into = 'rights-restored';
      await cluster.remove(application.at(-1)!);
      const spec = {
        backupName: 'rights',
        includedNamespaces: [shop],
        includeClusterResources: true,
        includedResources: application.map(({ kind }) => `${kind.toLowerCase()}s`),
        namespaceMapping: { [shop]: into },
      };
      const result = await environment.run('restore', { name: 'restored', spec });
      assert.equal(result.phase, 'PartiallyFailed');
      const there = [];
      for (const one of application.slice(0, -1))
        if (await exists(one, into)) there.push(`${one.kind} ${one.metadata.name}`);
      assert.deepEqual(there, [
        'ConfigMap settings',
        'Secret password',
        'ServiceAccount cashier',
        'Role reader',
        'RoleBinding reader',
      ]);
      const errors = await errorsOf(environment, 'restored');
      for (const name of ['remover', 'owner', 'rights-shop-owner'])
        assert.ok(
          errors.some((error) => error.includes(name) && /403|forbidden/i.test(error)),
          errors.join('\n'),
        );
      const { status } = await cluster.send({
        method: 'GET',
        path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/rights-shop-owner',
      });
      assert.equal(status, 404);
    });

    it('are those that the roles list, and no others', async () => {
      assert.deepEqual(await rulesOf(token), [
        { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
        { verbs: ['get', 'list'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['get', 'list', 'create', 'patch'], apiGroups: ['*'], resources: ['*'] },
      ]);
    });

    triesInVain(() => token, writes);
  });

  describe('that restore ConfigMaps alone', () => {
    it('restore these, and tell of the others', async () => {
      const token = await install('narrow', { restore: { rules: configMapsOnly } });
      const environment = await workerWith('rights-narrow', token, environments[0]);
      const spec = {
        backupName: 'rights',
        includedResources: ['configmaps', 'secrets'],
        namespaceMapping: { [shop]: 'rights-narrow' },
      };
      const result = await environment.run('restore', { name: 'narrow', spec });
      assert.equal(result.phase, 'PartiallyFailed');
      assert.equal(await exists(application[0]!, 'rights-narrow'), true);
      assert.equal(await exists(application[1]!, 'rights-narrow'), false);
      const errors = await errorsOf(environment, 'narrow');
      assert.ok(
        errors.some((error) => error.includes('password')),
        errors.join('\n'),
      );
    });
  });

  /** What the account may do in any namespace, beyond what every account may ask of itself. */
  async function rulesOf(token: string): Promise<object[]> {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
    const { body } = await cluster.send({ method: 'POST', path, body: { spec: { namespace: shop } } }, token);
    const { resourceRules } = (body as { status: { resourceRules: { resources: string[]; verbs: string[] }[] } })
      .status;
    return resourceRules
      .filter(({ resources }) => !resources.every((resource) => resource.startsWith('selfsubject')))
      .sort(
        (a, b) => Number(a.resources[0] === '*') - Number(b.resources[0] === '*') || a.verbs.length - b.verbs.length,
      );
  }

  function triesInVain(token: () => string, tries: readonly Try[]): void {
    for (const { title, ...call } of tries) {
      it(`do not ${title}`, async () => {
        const writes = call.method !== 'GET' && call.method !== 'DELETE';
        const { status, body } = await cluster.send({ ...call, ...(writes && { body: call.body ?? {} }) }, token());
        assert.equal(status, 403, JSON.stringify(body));
      });
    }
  }
});

function taken({ status, body }: Answer): void {
  assert.ok(status === 200 || status === 201, JSON.stringify(body));
}
