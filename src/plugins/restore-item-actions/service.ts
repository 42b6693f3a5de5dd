import { BowlineError } from '../../api/errors.ts';
import type { ObjectMeta } from '../../api/unstructured.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

type Json = Record<string, unknown>;

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Lets the new cluster give a service its addresses and ports, but for those that somebody chose: a headless service stays so, and
 * a node port stays if the restore preserves them all or if the last applied configuration, or else a field manager, set it.
 *
 * Changes: `spec.clusterIP`, `spec.clusterIPs`, `spec.ports[*].nodePort`, `spec.healthCheckNodePort`.
 * Source: Velero v1.18.1 `pkg/restore/actions/service_action.go`.
 */
export const service: RestoreItemAction = {
  name: 'velero.io/service',
  appliesTo: { includedResources: ['services'] },

  async execute({ item, restore }) {
    const spec = fields.object(item, 'spec') ?? {};
    if (fields.text(spec, 'clusterIP') !== 'None') {
      delete spec['clusterIP'];
      delete spec['clusterIPs'];
    }
    if (restore.spec.preserveNodePorts !== true) {
      clearNodePorts(spec, item.metadata);
      clearHealthCheckPort(spec, item.metadata);
    }
    return { updatedItem: item };
  },
};

function clearNodePorts(spec: Json, metadata: ObjectMeta): void {
  if (fields.text(spec, 'type') === 'ExternalName') return;
  const applied = appliedSpec(metadata);
  const chosen = applied === undefined ? chosenByManagers(metadata) : chosenByConfiguration(applied);
  for (const port of fields.objects(spec, 'ports')) if (!chosen(port)) delete port['nodePort'];
}

/** Ports that the annotation sets: by their name, or, unnamed, by their number. */
function chosenByConfiguration(applied: Json): (port: Json) => boolean {
  const named = new Set<string>();
  const unnamed = new Set<number>();
  for (const port of fields.list(refuseNull(applied, 'ports'), 'ports')) {
    if (!isObject(port)) continue;
    const number = portNumber(port['nodePort']);
    if (number <= 0) continue;
    if (!Object.hasOwn(port, 'name')) unnamed.add(number);
    else if (typeof port['name'] === 'string') named.add(port['name']);
    else throw unexpected('text for the name of a port');
  }
  return (port) => {
    const name = fields.text(port, 'name');
    const number = fields.number(port, 'nodePort');
    return name === '' ? unnamed.has(number) : named.has(name);
  };
}

function portNumber(value: unknown): number {
  // Go's integers have 64 bits, and what is beyond them is none.
  if (typeof value === 'number') return Math.abs(value) < 2 ** 63 ? Math.trunc(value) : 0;
  if (typeof value !== 'string') return 0;
  if (/^[+-]?\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw unexpected('a number for nodePort');
}

/** Ports whose node port any field manager owns. */
function chosenByManagers(metadata: ObjectMeta): (port: Json) => boolean {
  const owned = new Set<string>();
  for (const spec of managedSpecs(metadata)) {
    for (const [key, port] of Object.entries(fields.object(refuseNull(spec, 'f:ports'), 'f:ports') ?? {})) {
      if (isObject(port) && Object.hasOwn(port, 'f:nodePort')) owned.add(key);
    }
  }
  return (port) => owned.has(`k:{"port":${fields.number(port, 'port')},"protocol":"${fields.text(port, 'protocol')}"}`);
}

function clearHealthCheckPort(spec: Json, metadata: ObjectMeta): void {
  const isLocal = fields.text(spec, 'externalTrafficPolicy') === 'Local';
  const isBalanced = fields.text(spec, 'type') === 'LoadBalancer';
  if (!isLocal || !isBalanced || fields.number(spec, 'healthCheckNodePort') === 0) return;
  const chosen = appliedSpec(metadata)?.['healthCheckNodePort'];
  if (chosen !== undefined && typeof chosen !== 'number') throw unexpected('a number for healthCheckNodePort');
  const field = 'f:healthCheckNodePort';
  const isOwned = managedSpecs(metadata).some((owned) => fields.object(refuseNull(owned, field), field) !== undefined);
  if (!chosen && !isOwned) delete spec['healthCheckNodePort'];
}

/** What field managers own of the spec, one by one. */
function managedSpecs(metadata: ObjectMeta): Json[] {
  return fields.objects(metadata, 'managedFields').flatMap((entry) => {
    const owned = fields.object(entry, 'fieldsV1');
    return owned ? [fields.object(owned, 'f:spec') ?? {}] : [];
  });
}

/** The spec in the annotation, `{}` if it has none; `undefined` if there is no annotation. */
function appliedSpec(metadata: ObjectMeta): Json | undefined {
  const annotations = fields.object(metadata, 'annotations') ?? {};
  if (!Object.hasOwn(annotations, lastApplied)) return undefined;
  const parsed = parseConfiguration(fields.text(annotations, lastApplied));
  if (parsed === null) return {};
  if (isObject(parsed)) return fields.object(parsed, 'spec') ?? {};
  throw unexpected('a JSON object');
}

function parseConfiguration(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: the text itself may hold what no log should.
    throw unexpected('a JSON object');
  }
}

/** In JSON that no type was laid over, `null` is a value, and none that fits. */
function refuseNull(parent: Json, field: string): Json {
  if (parent[field] !== null) return parent;
  throw new BowlineError('InvalidItem', `field ${field}: expected something else than null`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(expected: string): BowlineError {
  return new BowlineError('InvalidItem', `annotation ${lastApplied}: expected ${expected}`);
}
