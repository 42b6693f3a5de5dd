import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BackupStorageLocation } from '../src/api/locations.ts';
import { loadConfig, parseConfig, secretsOf } from '../src/config.ts';

const parseText = (text: string, env: NodeJS.ProcessEnv = {}) => parseConfig(text, { file: 'x.yaml', env });

describe('parseConfig', () => {
  it('makes a whole configuration of nothing', () => {
    assert.deepEqual(parseText(''), {
      temporal: { address: '127.0.0.1:7233', namespace: 'default', taskQueue: 'bowline', idPrefix: '' },
      kubernetes: {},
      namespace: 'velero',
      backupStorageLocations: [],
      volumeSnapshotLocations: [],
      batch: { items: 500, bytes: 4_194_304 },
      concurrency: { batches: 8, requests: 32, lists: 4, volumes: 20 },
      itemActions: [],
      notifications: [],
      expiry: { removeLast: false, sweepAfter: '24h0m0s' },
      defaultBackupTtl: '720h0m0s',
      defaultItemOperationTimeout: '4h0m0s',
      resourceTimeout: '10m0s',
      outOfReachTimeout: '10m0s',
      restoreResourcePriorities: '',
    });
  });

  it('takes locations as Velero writes them, with a text for every setting of a provider', () => {
    const text = `
      backupStorageLocations:
        - name: main
          provider: aws
          default: true
          accessMode: ReadOnly
          objectStorage: { bucket: b, prefix: p, caCert: c }
          config: { s3ForcePathStyle: true, region: 1, profile: two }
        - { name: bare, provider: filesystem, objectStorage: { bucket: b } }
      volumeSnapshotLocations:
        - { name: disks, provider: filesystem, config: { path: /snapshots } }
        - { name: cloud, provider: aws, config: { region: eu-west-1 }, limits: { inFlight: 10, perSecond: 0.5 } }
      staging: bare`;
    const { backupStorageLocations, volumeSnapshotLocations, staging } = parseText(text);
    const expected: BackupStorageLocation[] = [
      {
        name: 'main',
        provider: 'aws',
        default: true,
        accessMode: 'ReadOnly',
        objectStorage: { bucket: 'b', prefix: 'p', caCert: 'c' },
        config: { s3ForcePathStyle: 'true', region: '1', profile: 'two' },
      },
      { name: 'bare', provider: 'filesystem', objectStorage: { bucket: 'b' }, config: {} },
    ];
    assert.deepEqual(backupStorageLocations, expected);
    assert.deepEqual(volumeSnapshotLocations, [
      { name: 'disks', provider: 'filesystem', config: { path: '/snapshots' } },
      { name: 'cloud', provider: 'aws', config: { region: 'eu-west-1' }, limits: { inFlight: 10, perSecond: 0.5 } },
    ]);
    assert.equal(staging, 'bare');
  });

  it('takes item actions in their order: modules, from the file that names them, and tasks of other workers', () => {
    const text = `
      temporal: { codec: { keyFile: /keys } }
      itemActions:
        - module: ./my-actions.ts
        - taskQueue: my-actions
          kind: RestoreItemAction
          name: example.com/label
          appliesTo: { includedResources: [pods, '*.apps'], excludedNamespaces: [bank], labelSelector: app }
          timeout: 30s
          transport: payload
        - { taskQueue: others, kind: BackupItemAction, name: example.com/x, appliesTo: {} }
        - module: '@example/actions'`;
    const { itemActions, temporal } = parseConfig(text, { file: '/etc/bowline/x.yaml', env: {} });
    assert.deepEqual(itemActions, [
      { module: './my-actions.ts', folder: '/etc/bowline' },
      {
        taskQueue: 'my-actions',
        kind: 'RestoreItemAction',
        name: 'example.com/label',
        appliesTo: { includedResources: ['pods', '*.apps'], excludedNamespaces: ['bank'], labelSelector: 'app' },
        startTimeout: '1m0s',
        timeout: '30s',
        transport: 'payload',
      },
      {
        taskQueue: 'others',
        kind: 'BackupItemAction',
        name: 'example.com/x',
        appliesTo: {},
        startTimeout: '1m0s',
        timeout: '5m0s',
        transport: 'store',
      },
      { module: '@example/actions', folder: '/etc/bowline' },
    ]);
    assert.deepEqual(temporal.codec, { keyFile: '/keys' });
  });

  it('takes who is told of the ends of runs, with a URL from the file, from a variable or in another file', () => {
    const text = `
      notifications:
        - { name: ops, url: 'https://user:word@example.com/hook', phases: [Failed, PartiallyFailed], kinds: [Backup] }
        - { name: chat, format: slack, urlEnv: CHAT_URL }
        - { name: later, urlFile: /etc/hook }
        - { name: unset, urlEnv: NO_URL }`;
    const kinds = ['Backup', 'Restore', 'Deletion'];
    const phases = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation', 'Cancelled'];
    assert.deepEqual(parseText(text, { CHAT_URL: 'http://chat.example.com/1' }).notifications, [
      {
        name: 'ops',
        format: 'json',
        url: 'https://user:word@example.com/hook',
        kinds: ['Backup'],
        phases: ['PartiallyFailed', 'Failed'],
      },
      { name: 'chat', format: 'slack', url: 'http://chat.example.com/1', kinds, phases },
      { name: 'later', format: 'json', urlFile: '/etc/hook', kinds, phases },
      { name: 'unset', format: 'json', unsetVariable: 'NO_URL', kinds, phases },
    ]);
  });

  const overrides: readonly { env: Record<string, string>; expected: Record<string, unknown> }[] = [
    { env: { TEMPORAL_ADDRESS: 'there:1' }, expected: { temporal: { address: 'there:1' } } },
    { env: { TEMPORAL_NAMESPACE: 'backups' }, expected: { temporal: { namespace: 'backups' } } },
    { env: { TEMPORAL_API_KEY: 'key' }, expected: { temporal: { apiKey: 'key' } } },
    { env: { BOWLINE_TEMPORAL_ADDRESS: 'there:2' }, expected: { temporal: { address: 'there:2' } } },
    { env: { BOWLINE_TEMPORAL_TASK_QUEUE: 'other' }, expected: { temporal: { taskQueue: 'other' } } },
    { env: { BOWLINE_TEMPORAL_TLS: 'false' }, expected: { temporal: { tls: false } } },
    { env: { KUBECONFIG: '/k' }, expected: { kubernetes: { kubeconfig: '/k' } } },
    { env: { BOWLINE_KUBERNETES_CONTEXT: 'kind' }, expected: { kubernetes: { context: 'kind' } } },
    { env: { BOWLINE_BATCH_ITEMS: '7' }, expected: { batch: { items: 7 } } },
    { env: { BOWLINE_CONCURRENCY_VOLUMES: '3' }, expected: { concurrency: { volumes: 3 } } },
    { env: { BOWLINE_DEFAULT_BACKUP_TTL: '24h' }, expected: { defaultBackupTtl: '24h' } },
    { env: { BOWLINE_TEMPORAL_CODEC_KEY_FILE: '/k' }, expected: { temporal: { codec: { keyFile: '/k' } } } },
    { env: { BOWLINE_HEALTH_LISTEN: '[::]:1' }, expected: { health: { listen: { host: '::', port: 1 } } } },
    { env: { BOWLINE_TEMPORAL_VERSIONING_BUILD_ID: '7' }, expected: { temporal: { versioning: { buildId: '7' } } } },
    { env: { BOWLINE_NAMESPACE: 'ark' }, expected: { namespace: 'ark' } },
  ];
  const file = `
    temporal:
      { address: 'file:1', namespace: file, apiKey: file, taskQueue: file, tls: true, versioning: { deployment: bowline, buildId: '6' } }
    health: { listen: '127.0.0.1:8081' }
    kubernetes: { kubeconfig: /file, context: file }
    namespace: file
    batch: { items: 2 }
    concurrency: { volumes: 2 }
    defaultBackupTtl: 2h`;
  for (const { env, expected } of overrides) {
    it(`takes ${Object.keys(env).join()} over the file`, () => {
      assert.partialDeepStrictEqual(parseText(file, env), expected);
    });
  }

  describe("beside Temporal's own configuration", () => {
    const crt = Buffer.from('certificate');
    const profile = {
      address: 'profile:1',
      namespace: 'profile',
      apiKey: 'profile',
      tls: { clientCertPair: { crt, key: crt } },
      metadata: { 'x-team': 'backups' },
    };
    const temporalOf = (text: string, env: NodeJS.ProcessEnv = {}) =>
      parseConfig(text, { file: 'x.yaml', env, profile }).temporal;

    it('takes from it what nothing else says', () => {
      assert.deepEqual(temporalOf(''), { ...profile, taskQueue: 'bowline', idPrefix: '' });
    });

    it('takes the file over it, and a variable over the file', () => {
      assert.partialDeepStrictEqual(temporalOf(file), {
        address: 'file:1',
        namespace: 'file',
        apiKey: 'file',
      });
      assert.equal(temporalOf(file, { TEMPORAL_ADDRESS: 'there:1' }).address, 'there:1');
    });

    for (const [text, tls] of [
      ['', profile.tls],
      ['temporal: { tls: true }', profile.tls],
      ['temporal: { tls: false }', false],
    ] as const) {
      it(`connects with ${tls === false ? 'no TLS' : 'its certificates'} given ${text || 'nothing'}`, () => {
        assert.deepEqual(temporalOf(text).tls, tls);
      });
    }

    it('is asked for TLS that it turns off', () => {
      const read = parseConfig('temporal: { tls: true }', { file: 'x.yaml', env: {}, profile: { tls: false } });
      assert.equal(read.temporal.tls, true);
    });
  });

  const refused: readonly {
    title: string;
    text: string;
    env?: NodeJS.ProcessEnv;
    problems: readonly string[];
  }[] = [
    {
      title: 'notifications to nowhere, without a word of their URLs',
      text: `notifications:
        - { name: a, url: 'https://secret.example.com', urlEnv: SECRET }
        - { name: a }
        - { name: b, url: secret, phases: [Done], kinds: [] }
        - { name: c, urlEnv: SECRET, format: text }`,
      env: { SECRET: 'ftp://secret' },
      problems: [
        'notifications[0].url: expected one of url, urlFile and urlEnv',
        'notifications[0].urlEnv: expected an http or https URL',
        'notifications[1].url: expected one of url, urlFile and urlEnv',
        'notifications[2].url: expected an http or https URL',
        'notifications[2].kinds: expected some of Backup, Restore, Deletion',
        'notifications[2].phases: expected some of Completed, PartiallyFailed, Failed, FailedValidation, Cancelled',
        'notifications[3].urlEnv: expected an http or https URL',
        'notifications[3].format: expected one of json, slack',
        'notifications: two are named a',
      ],
    },
    {
      title: 'all problems at once',
      text: 'batch: { items: 501 }\nconcurrency: { lists: 0 }\ntemporal: { tls: maybe }\nnamespace: 3',
      problems: [
        'temporal.tls: expected true or false',
        'namespace: expected text',
        'batch.items: expected a whole number from 1 to 500',
        'concurrency.lists: expected a whole number from 1 to 64',
      ],
    },
    {
      title: 'addresses that are none, and half a version',
      text: 'health: { listen: 8081 }\nmetrics: { listen: here, port: 1 }\ntemporal: { versioning: { buildId: a } }',
      problems: [
        'temporal.versioning.deployment: missing; expected text',
        'health.listen: expected text',
        'metrics.listen: expected a host and a port such as 0.0.0.0:8081, got here',
        'metrics.port: unknown key; known are listen',
      ],
    },
    {
      title: 'unknown keys, wherever they are',
      text: `
        tempral: {}
        temporal: { adress: x }
        backupStorageLocations: [{ name: a, provider: b, bucket: c, objectStorage: { bucket: d, region: e } }]`,
      problems: [
        'backupStorageLocations[0].objectStorage.region: unknown key; known are bucket, prefix, caCert',
        'backupStorageLocations[0].bucket: unknown key; known are objectStorage, name, provider, default, accessMode, config',
        'tempral: unknown key; known are temporal, kubernetes, batch, concurrency, expiry, namespace, backupStorageLocations, ' +
          'volumeSnapshotLocations, staging, itemActions, health, metrics, tracing, log, notifications, defaultBackupTtl, defaultItemOperationTimeout, resourceTimeout, outOfReachTimeout, restoreResourcePriorities',
        'temporal.adress: unknown key; known are tls, address, namespace, taskQueue, idPrefix, apiKey, versioning, workflowBundle, codec',
      ],
    },
    {
      title: 'what a location lacks',
      text: 'backupStorageLocations: [{ name: "", provider: 1 }]\nvolumeSnapshotLocations: [{}]',
      problems: [
        'backupStorageLocations[0].name: expected text',
        'backupStorageLocations[0].provider: expected text',
        'backupStorageLocations[0].objectStorage.bucket: missing; expected text',
        'volumeSnapshotLocations[0].name: missing; expected text',
        'volumeSnapshotLocations[0].provider: missing; expected text',
      ],
    },
    {
      title: 'an access mode that Velero does not know, and settings that are no texts',
      text: `
        backupStorageLocations:
          - { name: a, provider: b, accessMode: WriteOnly, objectStorage: { bucket: c }, config: { d: [e] } }`,
      problems: [
        'backupStorageLocations[0].accessMode: expected one of ReadOnly, ReadWrite',
        'backupStorageLocations[0].config: expected texts by name',
      ],
    },
    {
      title: 'two defaults and two of a name',
      text: `
        backupStorageLocations:
          - { name: a, provider: p, default: true, objectStorage: { bucket: b } }
          - { name: a, provider: p, objectStorage: { bucket: b } }
          - { name: c, provider: p, default: true, objectStorage: { bucket: b } }`,
      problems: [
        'backupStorageLocations: two are named a',
        'backupStorageLocations: a and c are both the default; expected one',
      ],
    },
    {
      title: 'staging in a location that there is not',
      text: 'staging: nowhere',
      problems: ['staging: no storage location is named nowhere'],
    },
    {
      title: 'priorities that are none',
      text: 'restoreResourcePriorities: "secrets,-,pods,-"',
      problems: [
        'restoreResourcePriorities: expected names with commas between, and at most one - before the last ones',
      ],
    },
    {
      title: 'durations that are none',
      text: 'defaultBackupTtl: 30d\noutOfReachTimeout: soon',
      problems: [
        'defaultBackupTtl: expected a duration such as 720h0m0s, got 30d',
        'outOfReachTimeout: expected a duration such as 720h0m0s, got soon',
      ],
    },
    {
      title: 'item actions that lack something, or say too much',
      text: `
        itemActions:
          - {}
          - { module: 1, name: example.com/a }
          - { taskQueue: '' }
          - taskQueue: q
            kind: ItemBlockAction
            name: example.com/a
            appliesTo: { includedResources: pods, labelSelector: [a], resources: [b] }
            startTimeout: 0s
            timeout: 2h
            transport: carrier pigeon
            module: x`,
      problems: [
        'itemActions[0].module: missing; expected text',
        'itemActions[1].module: expected text',
        'itemActions[1].name: unknown key; known are module',
        'itemActions[2].taskQueue: expected text',
        'itemActions[2].name: missing; expected text',
        'itemActions[2].kind: missing; expected one of BackupItemAction, RestoreItemAction',
        'itemActions[2].appliesTo: missing; expected a selector; {} selects everything',
        'itemActions[3].kind: expected one of BackupItemAction, RestoreItemAction',
        'itemActions[3].appliesTo.includedResources: expected a list of texts',
        'itemActions[3].appliesTo.labelSelector: expected text',
        'itemActions[3].appliesTo.resources: unknown key; known are includedResources, excludedResources, ' +
          'includedNamespaces, excludedNamespaces, labelSelector',
        'itemActions[3].startTimeout: expected from 1s to 1h, got 0s',
        'itemActions[3].timeout: expected from 1s to 1h, got 2h',
        'itemActions[3].transport: expected one of store, payload',
        'itemActions[3].module: unknown key; known are taskQueue, kind, name, appliesTo, startTimeout, timeout, transport',
      ],
    },
    {
      title: "an item action on Bowline's own task queue, and a codec without keys",
      text: `
        temporal: { codec: {}, taskQueue: mine }
        itemActions:
          - { taskQueue: mine, kind: BackupItemAction, name: example.com/a, appliesTo: {} }`,
      problems: [
        'temporal.codec.keyFile: missing; expected text',
        "itemActions[0].taskQueue: mine is Bowline's own; expected the other worker's",
      ],
    },
    {
      title: 'payloads without a codec',
      text: `
        itemActions:
          - { taskQueue: q, kind: BackupItemAction, name: example.com/b, appliesTo: {}, transport: payload }`,
      problems: [
        'itemActions[0].transport: payload puts items into histories, encrypted: it needs temporal.codec.keyFile',
      ],
    },
    {
      title: 'values of the wrong kind',
      text: 'temporal: here\nbackupStorageLocations: { name: a }\nvolumeSnapshotLocations: [null]',
      problems: [
        'temporal: expected keys and values',
        'backupStorageLocations: expected a list',
        'volumeSnapshotLocations[0]: expected keys and values',
        'volumeSnapshotLocations[0].name: missing; expected text',
        'volumeSnapshotLocations[0].provider: missing; expected text',
      ],
    },
    {
      title: 'limits that are none',
      text:
        'volumeSnapshotLocations: [{ name: a, provider: p, limits: { inFlight: 1.5, perSecond: 0, burst: 1 } },' +
        ' { name: b, provider: p, limits: { inFlight: many, perSecond: 2000 } }, { name: c, provider: p, limits: 5 }]',
      problems: [
        'volumeSnapshotLocations[0].limits.inFlight: expected a whole number from 1 to 500',
        'volumeSnapshotLocations[0].limits.perSecond: expected a number from 0.001 to 1000',
        'volumeSnapshotLocations[0].limits.burst: unknown key; known are inFlight, perSecond',
        'volumeSnapshotLocations[1].limits.inFlight: expected a whole number from 1 to 500',
        'volumeSnapshotLocations[1].limits.perSecond: expected a number from 0.001 to 1000',
        'volumeSnapshotLocations[2].limits: expected keys and values',
      ],
    },
    {
      title: 'names that are missing, without calling them the same',
      text: 'volumeSnapshotLocations: [{ provider: p }, { provider: p }]',
      problems: [
        'volumeSnapshotLocations[0].name: missing; expected text',
        'volumeSnapshotLocations[1].name: missing; expected text',
      ],
    },
    { title: 'a file that is a list', text: '[]', problems: ['the file: expected keys and values'] },
    {
      title: 'traces that go nowhere, or by gRPC, and a log of no level',
      text: 'tracing: { endpoint: collector, headers: { a: b } }\nlog: { level: loud }',
      problems: [
        'tracing.endpoint: expected an http or https URL',
        'log.level: expected one of debug, info, warn, error',
      ],
    },
    {
      title: 'headers of traces without an endpoint',
      text: 'tracing: { headers: { a: b } }',
      problems: ['tracing.endpoint: missing; expected an http or https URL'],
    },
    {
      title: 'an endpoint of traces for gRPC',
      text: '',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      problems: [
        'tracing.endpoint: the variables of OpenTelemetry ask for grpc; expected http/json, or an endpoint here',
      ],
    },
    {
      title: 'a variable that does not fit',
      text: '',
      env: { BOWLINE_BATCH_ITEMS: 'many' },
      problems: ['batch.items: expected a whole number from 1 to 500'],
    },
  ];
  for (const { title, text, env, problems } of refused) {
    it(`refuses ${title}`, () => {
      const expected = { code: 'InvalidConfig', message: `x.yaml: ${problems.join('; ')}` };
      assert.throws(() => parseText(text, env), expected);
    });
  }

  const traced: readonly {
    readonly title: string;
    readonly text?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly tracing: unknown;
  }[] = [
    { title: 'nothing where nobody names an endpoint', env: { OTEL_SERVICE_NAME: 'x' }, tracing: undefined },
    {
      title: 'the file',
      text: 'tracing: { endpoint: "http://h:4318/", serviceName: nightly, headers: { a: 1 } }',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other', OTEL_SERVICE_NAME: 'other' },
      tracing: { url: 'http://h:4318/v1/traces', headers: { a: '1' }, serviceName: 'nightly' },
    },
    {
      title: 'the variables where the file leaves it out',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318', OTEL_SERVICE_NAME: 'nightly' },
      tracing: { url: 'http://h:4318/v1/traces', headers: {}, serviceName: 'nightly' },
    },
    {
      title: 'the variable for traces alone, as it is',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' },
      tracing: { url: 'http://t/x', headers: {}, serviceName: 'bowline' },
    },
    {
      title: 'nothing where OpenTelemetry is turned off',
      text: 'tracing: { endpoint: "http://h" }',
      env: { OTEL_SDK_DISABLED: 'true' },
      tracing: undefined,
    },
  ];
  for (const { title, text = '', env, tracing } of traced)
    it(`takes where traces go from ${title}`, () => assert.deepEqual(parseText(text, env).tracing, tracing));

  it('refuses what is not YAML, and says where', () => {
    const message = /^x\.yaml: .+ at line 2, column \d+:$/;
    assert.throws(() => parseText('a: 1\nb: ['), { code: 'InvalidConfig', message });
  });
});

describe('secretsOf', () => {
  it('are what keys and variables hold that nobody else is to see', () => {
    const env = { AWS_SECRET_ACCESS_KEY: 'a', AZURE_CLIENT_SECRET: 'b', HOME: '/c', OTEL_EXPORTER_OTLP_HEADERS: 'd=e' };
    const text = `
      temporal: { apiKey: f }
      tracing: { endpoint: 'http://h', headers: { authorization: g } }
      notifications: [{ name: n, url: 'http://i/j' }]`;
    assert.deepEqual(secretsOf(parseText(text), env).toSorted(), ['a', 'b', 'd=e', 'f', 'g', 'http://i/j']);
  });
});

describe('loadConfig', () => {
  let home: string;
  const write = (name: string, text: string): string => {
    const file = join(home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'bowline-config-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('reads the file it is given, rather than that of the variable, rather than that of the home folder', async () => {
    const env = { HOME: home };
    write('.config/bowline/bowline.yaml', 'namespace: of-home');
    assert.equal((await loadConfig({ env })).namespace, 'of-home');
    const variable = { ...env, BOWLINE_CONFIG: write('variable.yaml', 'namespace: of-variable') };
    assert.equal((await loadConfig({ env: variable })).namespace, 'of-variable');
    const file = write('given.yaml', 'namespace: of-file');
    assert.equal((await loadConfig({ env: variable, file })).namespace, 'of-file');
  });

  it('does without a file', async () => {
    const { temporal } = await loadConfig({ env: { HOME: home, TEMPORAL_ADDRESS: 'there:1' } });
    assert.equal(temporal.address, 'there:1');
  });

  it('names the source of a problem', async () => {
    const env = { HOME: home, BOWLINE_BATCH_ITEMS: '0' };
    await assert.rejects(loadConfig({ env }), { code: 'InvalidConfig', message: /^the environment: batch\.items: / });
    const file = write('given.yaml', '');
    await assert.rejects(loadConfig({ env, file }), ({ message }: Error) =>
      message.startsWith(`${file}: batch.items: `),
    );
  });

  it('rejects when a file that was asked for is not there, or can not be read', async () => {
    const missing = join(home, 'missing.yaml');
    const expected = { code: 'InvalidConfig', message: `read ${missing}: ENOENT` };
    await assert.rejects(loadConfig({ file: missing, env: {} }), expected);
    await assert.rejects(loadConfig({ env: { BOWLINE_CONFIG: missing } }), expected);
    await assert.rejects(loadConfig({ file: home, env: {} }), {
      code: 'InvalidConfig',
      message: `read ${home}: EISDIR`,
    });
  });
});
