import assert from 'node:assert/strict';
import type { ResourceSelector } from '../../api/resource-selector.ts';
import { actionName } from '../item-action-name.ts';

/** Asserts that an action of any kind has a name with a prefix, and a selector that survives as JSON. */
export function assertIsRegistrable({ name, appliesTo }: { name: string; appliesTo: ResourceSelector }): void {
  assert.match(name, actionName);
  assert.deepEqual(JSON.parse(JSON.stringify(appliesTo)), appliesTo);
}
