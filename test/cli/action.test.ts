import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { CaseResult } from '../../src/cli/item-action-case.ts';
import { connect } from '../../src/kubernetes/http-client.ts';
import { createRegistry } from '../../src/plugins/registry.ts';
import { applyManifests } from '../../tools/demo/manifests.ts';
import { kubernetesServer } from '../support/servers.ts';
import { differencesFromVelero, expectationOf, readVectors, reasonAgainst, vectorFiles } from '../support/vectors.ts';
import { runCli, type Ran } from './fake-cli.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], ports: [{ port: 80 }] },
};
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data',
    namespace: 'shop',
    annotations: { 'volume.kubernetes.io/selected-node': 'node-of-the-old-cluster', kept: 'yes' },
  },
};
const bare = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } };

const runService = ['action', 'run', '--kind', 'RestoreItemAction', '--action', 'velero.io/service', '--case'];
const runClaim = runService.with(5, 'velero.io/change-pvc-node-selector');

interface Exited {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a process, with `input` on its standard input. */
function bowline(args: readonly string[], input = ''): Promise<Exited> {
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env: { PATH, HOME } }, (_error, out, err) =>
      resolve({ exitCode: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(input);
  });
}

describe('bowline action', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bowline-action-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** The path of a file with such a case in it. */
  function file(content: unknown): string {
    const path = join(folder, 'case.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  describe('list', () => {
    const registry = createRegistry();
    const names = [
      ...registry.backupItemActions.map(({ name }) => `BackupItemAction/${name}`),
      ...registry.restoreItemActions.map(({ name }) => `RestoreItemAction/${name}`),
    ];

    it('shows a table, with selectors and differences from Velero', async () => {
      const { exitCode, out } = await runCli(['action', 'list']);
      const [head, ...rows] = out.trimEnd().split('\n');
      assert.equal(exitCode, 0);
      assert.match(head!, /^NAME +KIND +SELECTOR +SOURCE +DIFFERS FROM VELERO$/);
      assert.deepEqual(
        rows.map((row) => row.split(/ +/, 2).toReversed().join('/')),
        names,
      );
      assert.match(out, /^velero\.io\/job +RestoreItemAction +jobs +built in +no$/m);
      assert.match(
        out,
        /^velero\.io\/apiservice +RestoreItemAction +apiservices with kube-aggregator\S+ +built in +in /m,
      );
    });

    it('shows names, one a line', async () => {
      assert.equal((await runCli(['action', 'list', '-o', 'name'])).out, `${names.join('\n')}\n`);
    });

    const readers = {
      json: (text: string): unknown => JSON.parse(text),
      yaml: (text: string): unknown => parse(text),
    };
    for (const [format, read] of Object.entries(readers)) {
      it(`shows ${format}, with all that there is to tell`, async () => {
        const { out } = await runCli(['action', 'list', '-o', format]);
        const actions = read(out) as { kind: string; name: string; appliesTo: object; differences: string[] }[];
        assert.deepEqual(
          actions.map(({ kind, name }) => `${kind}/${name}`),
          names,
        );
        const { appliesTo, differences } = actions.find(({ name }) => name === 'velero.io/apiservice')!;
        assert.deepEqual(
          appliesTo,
          registry.restoreItemActions.find(({ name }) => name === 'velero.io/apiservice')!.appliesTo,
        );
        assert.equal(differences.length, 1);
      });
    }

    it('refuses another format', async () => {
      const { exitCode, err } = await runCli(['action', 'list', '-o', 'xml']);
      assert.equal(exitCode, 2);
      assert.match(err, /'xml' is invalid\. Allowed choices are table, json, yaml, name/);
    });
  });

  describe('run', () => {
    const answer = (ran: Pick<Ran, 'out'>): CaseResult => JSON.parse(ran.out) as CaseResult;

    it('gives what the action makes of an item', async () => {
      const ran = await runCli([...runService, file({ item: service })]);
      assert.equal(ran.exitCode, 0, ran.err);
      assert.deepEqual(answer(ran), {
        item: { ...service, spec: { ports: [{ port: 80 }] } },
        additionalItems: [],
        skipRestore: false,
        error: null,
      });
    });

    it('gives a list for a list, in its order, and an empty one for an empty one', async () => {
      const ran = await runCli([...runService, file([{ item: service }, { item: bare }])]);
      const items = (JSON.parse(ran.out) as CaseResult[]).map(({ item }) => item?.['spec']);
      assert.deepEqual(items, [{ ports: [{ port: 80 }] }, undefined]);
      assert.equal((await runCli([...runService, file([])])).out, '[]\n');
    });

    it("makes the action's error a part of the answer", async () => {
      const ran = await runCli([...runService, file({ item: { ...service, spec: 'none' } })]);
      const { item, error } = answer(ran);
      assert.deepEqual([ran.exitCode, item, error], [0, null, 'field spec: expected an object, got string']);
    });

    it("tells the action's log on the side, with the case's id", async () => {
      const config = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'images',
          namespace: 'velero',
          labels: { 'velero.io/plugin-config': '', 'velero.io/change-image-name': 'RestoreItemAction' },
        },
        data: { rule: 'without a comma' },
      };
      const item = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' } };
      const args = runService.with(5, 'velero.io/change-image-name');
      const { out, err } = await runCli([...args, file({ id: 'seven', item, cluster: [config] })]);
      assert.match(err, /^warning: seven: ConfigMap of velero\.io\/change-image-name: key rule: .*\n$/);
      assert.doesNotThrow(() => JSON.parse(out) as unknown);
    });

    it('reads standard input, and writes nothing but the answer', async () => {
      const { exitCode, out, err } = await bowline([...runService, '-'], JSON.stringify([{ item: service }]));
      assert.deepEqual([exitCode, err], [0, '']);
      assert.deepEqual((JSON.parse(out) as CaseResult[])[0]!.item, { ...service, spec: { ports: [{ port: 80 }] } });
    });

    it('keeps every digit of a number', async () => {
      const text = JSON.stringify({ item: { ...service, big: 'N' } }).replace('"N"', '12345678901234567890');
      assert.match((await runCli([...runService, file(text)])).out, /"big": 12345678901234567890\b/);
    });

    it('needs no configuration, no worker and no cluster', async () => {
      const loadConfig = (): never => assert.fail('it asked for the configuration');
      const { exitCode } = await runCli([...runService, file({ item: service })], {}, { loadConfig });
      assert.equal(exitCode, 0);
    });

    for (const { title, args, says } of [
      {
        title: 'an action that there is not',
        args: runService.with(5, 'velero.io/sevice'),
        says: /^error: run velero\.io\/sevice: no RestoreItemAction is named velero\.io\/sevice; known are .*velero\.io\/service, /,
      },
      {
        title: 'an action of another kind',
        args: runService.with(3, 'BackupItemAction'),
        says: /no BackupItemAction is named velero\.io\/service; known are velero\.io\/crd-remap-version, /,
      },
      {
        title: 'a kind of which there is none',
        args: runService.with(3, 'DeleteItemAction'),
        says: /no DeleteItemAction is named velero\.io\/service; known are none$/m,
      },
      {
        title: 'a kind that there is not',
        args: runService.with(3, 'ItemBlockAction'),
        says: /'ItemBlockAction' is invalid\. Allowed choices are BackupItemAction, RestoreItemAction, DeleteItemAction/,
      },
      {
        title: 'no kind',
        args: runService.toSpliced(2, 2),
        says: /required option '--kind <kind>' not specified/,
      },
    ]) {
      it(`refuses ${title}`, async () => {
        const { exitCode, err, out } = await runCli([...args, file({ item: service })]);
        assert.deepEqual([exitCode, out], [2, '']);
        assert.match(err, says);
      });
    }

    it('refuses a file that is not there', async () => {
      const { exitCode, err } = await runCli([...runService, join(folder, 'absent.json')]);
      assert.equal(exitCode, 2);
      assert.match(err, /^error: run velero\.io\/service: read .*absent\.json: ENOENT\n$/);
    });

    for (const { title, content, problems } of [
      { title: 'no JSON', content: '{"item":', problems: [/^the case is no JSON: /] },
      { title: 'text', content: '"item"', problems: [/^expected a case: an object with an item$/] },
      {
        title: 'no item',
        content: {},
        problems: [/^item: expected an object$/, /^itemFromBackup: expected an object$/],
      },
      {
        title: 'several members of other types',
        content: { item: service, itemFromBackup: 7, restore: [], cluster: {}, apiErrors: ['x'] },
        problems: [
          /^itemFromBackup: expected an object$/,
          /^restore: expected an object$/,
          /^cluster: expected a list of objects$/,
          /^apiErrors: expected a list of objects$/,
        ],
      },
      {
        title: 'a list in which some are wrong',
        content: [{ item: service }, null, { item: service, cluster: [{ kind: 'Node' }] }],
        problems: [/^\[1\]\.expected a case: /, /^\[2\]\.cluster: expected a list of objects$/],
      },
    ]) {
      it(`tells all that is wrong with a case: ${title}`, async () => {
        const { exitCode, err } = await runCli([...runService, file(content)]);
        const told = err.trimEnd().split('\n');
        assert.equal(exitCode, 2);
        assert.equal(told.length, problems.length, err);
        for (const [index, line] of told.entries())
          assert.match(line.replace('error: run velero.io/service: ', ''), problems[index]!);
      });
    }

    it("reads the live cluster with --live, and the case's without", async function () {
      this.timeout(60_000);
      const { kubeconfig } = await kubernetesServer();
      const kubernetes = await connect({ kubeconfig });
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-of-bowline-action' } };
      await applyManifests(kubernetes, [node]);
      await kubernetes.close();
      const configFile = join(folder, 'bowline.yaml');
      writeFileSync(configFile, JSON.stringify({ kubernetes: { kubeconfig } }));
      const held = structuredClone(claim);
      held.metadata.annotations['volume.kubernetes.io/selected-node'] = node.metadata.name;
      const cases = file([
        { item: claim, cluster: [{ ...node, metadata: { name: 'node-of-the-old-cluster' } }] },
        { item: held },
      ]);

      const nodesIn = ({ out }: Exited): (string | undefined)[] =>
        (JSON.parse(out) as CaseResult[]).map(
          ({ item }) => item?.metadata.annotations?.['volume.kubernetes.io/selected-node'],
        );
      const live = await bowline([...runClaim, cases, '--live', '--config', configFile]);
      assert.equal(live.exitCode, 0, live.err);
      assert.deepEqual(nodesIn(live), [undefined, node.metadata.name]);
      assert.deepEqual(nodesIn(await bowline([...runClaim, cases])), ['node-of-the-old-cluster', undefined]);
    });

    it('fails with --live where no cluster answers', async () => {
      const configFile = join(folder, 'nowhere.yaml');
      writeFileSync(configFile, JSON.stringify({ kubernetes: { kubeconfig: join(folder, 'absent') } }));
      const { exitCode, err } = await bowline([...runClaim, file({ item: claim }), '--live', '--config', configFile]);
      assert.notEqual(exitCode, 0);
      assert.match(err, /^error: run velero\.io\/change-pvc-node-selector: .*absent/);
    });
  });

  describe('run, over every vector', () => {
    const counts: string[] = [];

    after(() => console.log(counts.join('\n')));

    for (const name of vectorFiles) {
      const { kind, action, cases } = readVectors(name);
      it(`makes of the items what Velero makes of them, but for those overruled: ${kind} ${action}`, async () => {
        const args = ['action', 'run', '--kind', kind, '--action', action, '--case', file(cases)];
        const { exitCode, out, err } = await runCli(args);
        assert.equal(exitCode, 0, err);
        const results = JSON.parse(out) as CaseResult[];
        assert.equal(results.length, cases.length);
        const expected = cases.filter(expectationOf);
        const different = expected.filter(
          (vector) => differencesFromVelero(results[cases.indexOf(vector)]!, vector).length > 0,
        );
        const overruled = expected.filter(reasonAgainst);
        counts.push(
          `    ${kind} ${action}: ${expected.length - different.length} equal, ${overruled.length} overruled, of ${cases.length}`,
        );
        assert.deepEqual(
          different.map(({ id }) => id),
          overruled.map(({ id }) => id),
        );
      });
    }
  });
});
