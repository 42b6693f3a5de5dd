import { BowlineError } from '../../api/errors.ts';
import { parseJson } from '../../api/json.ts';
import type { ObjectMeta } from '../../api/unstructured.ts';
import type { RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';

type Json = Record<string, unknown>;

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Lets the new cluster give a service its addresses and ports, but for those that somebody chose: a headless service stays so, and
 * a node port stays if the restore preserves them all or if the last applied configuration, or else a field manager, set it.
 *
 * Source: Velero v1.18.1 `pkg/restore/actions/service_action.go`.
 */
export const service: RestoreItemAction = {
  name: 'velero.io/service',
  appliesTo: { includedResources: ['services'] },

  async execute({ item, restore }) {
    const spec = fields.object(item, 'spec');
    if (spec === undefined) return { updatedItem: item };
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
  if (spec['type'] === 'ExternalName') return;
  const ports = fields.objects(spec, 'ports');
  const applied = metadata.annotations?.[lastApplied];
  const chosen = applied === undefined ? chosenByManagers(metadata) : chosenByConfiguration(applied);
  for (const port of ports) if (!chosen(port)) delete port['nodePort'];
}

/** Ports that the annotation sets: by their name, or, unnamed, by their number. */
function chosenByConfiguration(text: string): (port: Json) => boolean {
  const named = new Set<string>();
  const unnamed = new Set<number>();
  for (const port of fields.objects(fields.object(parseConfiguration(text), 'spec') ?? {}, 'ports')) {
    if (!Object.hasOwn(port, 'nodePort')) continue;
    const number = portNumber(port['nodePort']);
    if (number <= 0) continue;
    if (!Object.hasOwn(port, 'name')) unnamed.add(number);
    else if (typeof port['name'] === 'string') named.add(port['name']);
    else throw new BowlineError('InvalidItem', `annotation ${lastApplied}: expected text for the name of a port`);
  }
  return (port) => {
    const name = fields.text(port, 'name');
    return name === '' ? unnamed.has(Number(port['nodePort'])) : named.has(name);
  };
}

function portNumber(value: unknown): number {
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value !== 'string') return 0;
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  throw new BowlineError('InvalidItem', `annotation ${lastApplied}: expected a number for nodePort`);
}

/** Ports whose node port any field manager owns. */
function chosenByManagers(metadata: ObjectMeta): (port: Json) => boolean {
  const owned = new Set<string>();
  for (const { spec } of managedFields(metadata)) {
    for (const [key, port] of Object.entries(fields.object(spec, 'f:ports') ?? {})) {
      if (typeof port === 'object' && port !== null && Object.hasOwn(port, 'f:nodePort')) owned.add(key);
    }
  }
  return ({ port, protocol }) => owned.has(`k:{"port":${Number(port)},"protocol":${JSON.stringify(protocol ?? '')}}`);
}

function clearHealthCheckPort(spec: Json, metadata: ObjectMeta): void {
  if (spec['externalTrafficPolicy'] !== 'Local' || spec['type'] !== 'LoadBalancer' || !spec['healthCheckNodePort'])
    return;
  const applied = metadata.annotations?.[lastApplied];
  if (applied !== undefined) {
    const chosen = (fields.object(parseConfiguration(applied), 'spec') ?? {})['healthCheckNodePort'];
    if (chosen !== undefined && typeof chosen !== 'number') {
      throw new BowlineError('InvalidItem', `annotation ${lastApplied}: expected a number for healthCheckNodePort`);
    }
    if (chosen) return;
  }
  if (managedFields(metadata).some(({ spec: owned }) => Object.hasOwn(owned, 'f:healthCheckNodePort'))) return;
  delete spec['healthCheckNodePort'];
}

function managedFields(metadata: ObjectMeta): { spec: Json }[] {
  return fields.objects(metadata, 'managedFields').flatMap((entry) => {
    const owned = fields.object(entry, 'fieldsV1');
    return owned ? { spec: fields.object(owned, 'f:spec') ?? {} } : [];
  });
}

function parseConfiguration(text: string): Json {
  try {
    const parsed: unknown = parseJson(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Json;
  } catch {
    // Falls through to the same error: the text itself may hold what no log should.
  }
  throw new BowlineError('InvalidItem', `annotation ${lastApplied}: expected a JSON object`);
}
