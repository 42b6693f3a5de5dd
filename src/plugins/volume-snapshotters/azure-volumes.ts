import { BowlineError } from '../../api/errors.ts';
import type { Unstructured } from '../../api/unstructured.ts';
import { csiSource, inTreeSource, notOurs, unreadable } from './persistent-volume.ts';

/** Where resources lie. */
export interface AzureScope {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** A resource as its id names it. */
export interface AzureResource extends AzureScope {
  readonly name: string;
}

type Kind = 'disks' | 'snapshots';

const drivers = ['disk.csi.azure.com'];

interface AzureDisk {
  diskName?: string;
  diskURI?: string;
}

/** The name of the disk behind a PersistentVolume; `''` if it is none of Azure's. Source: velero-plugin-for-microsoft-azure `volume_snapshotter.go`. */
export function azureVolumeId(persistentVolume: Unstructured): string {
  const csi = csiSource(persistentVolume, drivers);
  if (csi) return /\/Microsoft\.Compute\/disks\/([^/]+)$/i.exec(csi.volumeHandle ?? '')?.[1] ?? '';
  const disk = inTreeSource<AzureDisk>(persistentVolume, 'azureDisk');
  if (disk && !disk.diskName) throw unreadable(persistentVolume, 'azureDisk', disk);
  return disk?.diskName ?? '';
}

/** Points a PersistentVolume to the disk of that name in `scope`. @throws BowlineError `Unsupported` */
export function setAzureVolumeId(persistentVolume: Unstructured, name: string, scope: AzureScope): Unstructured {
  const csi = csiSource(persistentVolume, drivers);
  const disk = inTreeSource<AzureDisk>(persistentVolume, 'azureDisk');
  if (csi) csi.volumeHandle = azureId('disks', { ...scope, name });
  else if (disk) Object.assign(disk, { diskName: name, diskURI: azureId('disks', { ...scope, name }) });
  else throw notOurs(persistentVolume, `a volume of ${drivers[0]} or azureDisk`);
  return persistentVolume;
}

/** The id of a resource. */
export function azureId(kind: Kind, { subscriptionId, resourceGroup, name }: AzureResource): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/${kind}/${name}`;
}

/** Takes an id apart, in whatever case it is written; nothing if it is none of that kind. */
export function parseAzureId(kind: Kind, id: string): AzureResource | undefined {
  const pattern = new RegExp(
    `^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\\.Compute/${kind}/([^/]+)$`,
    'i',
  );
  const [, subscriptionId, resourceGroup, name] = pattern.exec(id) ?? [];
  return subscriptionId && resourceGroup && name ? { subscriptionId, resourceGroup, name } : undefined;
}

/** As `parseAzureId`. @throws BowlineError `InvalidItem` if it is none of that kind */
export function azureResource(kind: Kind, id: string): AzureResource {
  const resource = parseAzureId(kind, id);
  if (resource) return resource;
  const expected = azureId(kind, { subscriptionId: '…', resourceGroup: '…', name: '…' });
  throw new BowlineError('InvalidItem', `read the id ${JSON.stringify(id)}: expected ${expected}`);
}

/** Whether two places are the same: Azure's names have no case. */
export function isIn(scope: AzureScope, resource: AzureScope): boolean {
  const text = ({ subscriptionId, resourceGroup }: AzureScope): string =>
    `${subscriptionId}/${resourceGroup}`.toLowerCase();
  return text(scope) === text(resource);
}

/** The zones of a new disk: the number that `eastus2-1` ends with, unless the type is spread over zones anyway. */
export function azureZones(zone: string, sku: string): string[] | undefined {
  return zone.includes('-') && !sku.endsWith('_ZRS') ? [zone.slice(zone.lastIndexOf('-') + 1)] : undefined;
}
