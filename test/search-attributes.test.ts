import assert from 'node:assert/strict';
import type { Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../src/search-attributes.ts';

/** The part of a connection that registers, over attributes that are there. `refusing` refuses to add any. */
function connectionWith(customAttributes: Record<string, number>, { refusing = false } = {}) {
  const added: Record<string, number>[] = [];
  const operatorService = {
    listSearchAttributes: async () => ({ customAttributes }),
    async addSearchAttributes({ searchAttributes }: { searchAttributes: Record<string, number> }) {
      if (refusing) throw new Error('7 PERMISSION_DENIED: Request unauthorized.');
      added.push(searchAttributes);
    },
  };
  return { added, connection: { operatorService } as unknown as Connection };
}

describe('registerSearchAttributes', () => {
  it('adds those that are missing, and nothing once all are there', async () => {
    const { connection, added } = connectionWith({ BowlineKind: 2, BowlineItems: 3, SomebodyElses: 1 });
    assert.equal(await registerSearchAttributes(connection, 'default'), true);
    assert.deepEqual(added, [
      { BowlineName: 2, BowlinePhase: 2, BowlineSchedule: 2, BowlineLocation: 2, BowlineErrors: 3, BowlineWarnings: 3 },
    ]);

    const complete = connectionWith({ BowlineKind: 2, BowlineItems: 3, ...added[0] });
    assert.equal(await registerSearchAttributes(complete.connection, 'default'), true);
    assert.deepEqual(complete.added, []);
  });

  it('resolves with false where it may not add', async () => {
    const { connection } = connectionWith({}, { refusing: true });
    assert.equal(await registerSearchAttributes(connection, 'default'), false);
  });
});
