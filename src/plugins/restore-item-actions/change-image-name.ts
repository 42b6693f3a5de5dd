import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import type { ItemLog, RestoreItemAction } from '../item-action.ts';
import { fields } from '../item-fields.ts';
import { pluginConfig } from '../plugin-config.ts';
import { refuseNull } from '../refuse-null.ts';

type Json = Record<string, unknown>;

/** Replaces every `from` in an image's name by `to`. */
interface Rule {
  readonly from: string;
  readonly to: string;
}

const name = 'velero.io/change-image-name';

/**
 * Replaces parts of the image names of containers and init containers, in pods and in what makes pods. For each image the first
 * rule counts whose old part is in its name. Ephemeral containers keep theirs.
 *
 * Changes: `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.template.spec.containers[*].image`,
 * `spec.template.spec.initContainers[*].image`, `spec.jobTemplate.spec.template.spec.containers[*].image`,
 * `spec.jobTemplate.spec.template.spec.initContainers[*].image`.
 * Configuration: each value is a rule `old,new`; keys are free, and rules are tried in their order.
 * Repeated: replaces again what a rule's new part holds of an old part.
 * Differs from Velero: rules are tried in the order of their keys, because there it is left to chance which one counts.
 * Source: Velero v1.18.1 `pkg/restore/actions/change_image_name_action.go`.
 */
export const changeImageName: RestoreItemAction = {
  name,
  appliesTo: {
    includedResources: [
      'deployments',
      'statefulsets',
      'daemonsets',
      'replicasets',
      'replicationcontrollers',
      'jobs',
      'cronjobs',
      'pods',
    ],
  },

  async execute({ item, restore, kubernetes, log }) {
    const { namespace } = restore.metadata;
    const config = (await pluginConfig({ kubernetes, namespace, kind: 'RestoreItemAction', name })) ?? {};
    if (Object.keys(config).length === 0) return { updatedItem: item };
    const rules = parseRules(config, log);
    const podSpec = podSpecOf(item);
    for (const container of [...containersIn(podSpec, 'containers'), ...containersIn(podSpec, 'initContainers')]) {
      refuseNull(container, 'image');
      const image = fields.text(container, 'image');
      const rule = rules.find(({ from }) => image.includes(from));
      if (rule && image !== '') container['image'] = replaced(image, rule);
    }
    return { updatedItem: item };
  },
};

function parseRules(config: Readonly<Record<string, string>>, log: ItemLog): Rule[] {
  return Object.keys(config)
    .sort()
    .flatMap((key) => {
      const [from = '', ...rest] = config[key]!.split(',');
      const to = rest.join(',');
      if (to !== '') return [{ from: from.trim(), to: to.trim() }];
      log.warning(`ConfigMap of ${name}: key ${key}: expected old,new: the rule is left out`);
      return [];
    });
}

/** An old part of no letters is found before every character and at the end. */
function replaced(image: string, { from, to }: Rule): string {
  if (from !== '') return image.replaceAll(from, () => to);
  return `${to}${Array.from(image, (character) => `${character}${to}`).join('')}`;
}

function podSpecOf(item: Unstructured): Json {
  const parents = { Pod: ['spec'], CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] }[item.kind];
  return (parents ?? ['spec', 'template', 'spec']).reduce<Json>(
    (parent, field) => fields.object(parent, field) ?? {},
    item,
  );
}

function containersIn(podSpec: Json, field: string): Json[] {
  refuseNull(podSpec, field);
  if (!fields.list(podSpec, field).includes(null)) return fields.objects(podSpec, field);
  throw new BowlineError('InvalidItem', `field ${field}: expected objects, got null`);
}
