import assert from 'node:assert/strict';
import type { ResourceSelector } from '../../api/resource-selector.ts';

/** Asserts that an action of any kind has a name with a prefix, and a selector that survives as JSON. */
export function assertIsRegistrable({ name, appliesTo }: { name: string; appliesTo: ResourceSelector }): void {
  assert.match(name, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/);
  assert.deepEqual(JSON.parse(JSON.stringify(appliesTo)), appliesTo);
}
