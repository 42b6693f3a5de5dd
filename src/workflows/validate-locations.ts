import { setCurrentDetails } from '@temporalio/workflow';
import { errorCode } from '../api/errors.ts';
import type { LocationStatus, ValidatedLocations } from '../api/locations.ts';
import { looks } from './activity-options.ts';
import { applicationFailureOf, isCancelled } from './endings.ts';
import { inLanes } from './lanes.ts';

/** Locations that are looked at side by side. */
const width = 20;

/**
 * Tells of every storage location whether it can be used: it is opened, and what is at its top is listed. If it can't be opened it
 * is not listed, and is `Unavailable` for that reason. A fault that may pass is met again for half a minute before it counts, and
 * what does not answer at all is given up after a minute. Takes no argument; any workflow id will do.
 */
export async function validateLocations(): Promise<ValidatedLocations> {
  const names = await looks.listLocations.executeWithOptions({ summary: 'from the configuration' }, []);
  const locations: ValidatedLocations['locations'][number][] = [];
  await inLanes(width, names, async (name, index) => {
    locations[index] = { name, ...(await validate(name)) };
  });
  const lines = locations.map(({ name, phase, message }) => `- ${name}: ${phase}${message ? `, ${message}` : ''}`);
  setCurrentDetails(lines.join('\n'));
  return { locations };
}

async function validate(location: string): Promise<LocationStatus> {
  try {
    await looks.validateLocation.executeWithOptions({ summary: location }, [{ location }]);
    return { phase: 'Available', lastValidationTime: now() };
  } catch (error) {
    if (isCancelled()) throw error;
    const { message = 'no answer within 30 s', type } = applicationFailureOf(error) ?? {};
    const code = errorCode({ code: type }) ?? 'Unavailable';
    return { phase: 'Unavailable', lastValidationTime: now(), message, code };
  }
}

/** RFC 3339, in whole seconds as Velero writes it. */
function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
