import assert from 'node:assert/strict';
import { planActions } from '../../src/activities/planned-actions.ts';
import { createIsStaged, type IsStaged } from '../../src/activities/staged-items.ts';
import { mustIncludeAnnotation, skipFromBackupAnnotation } from '../../src/api/labels.ts';
import type { ResourceSelector } from '../../src/api/resource-selector.ts';
import type { Discovery } from '../../src/kubernetes/discovery.ts';
import type { BackupItemAction } from '../../src/plugins/item-action.ts';
import type { Registered } from '../../src/plugins/item-action-lists.ts';
import { ClusterInMemory } from '../support/cluster-in-memory.ts';
import { object } from '../support/objects.ts';

let discovery: Discovery;

before(async () => {
  discovery = await new ClusterInMemory().discover();
});

function action(appliesTo: ResourceSelector, concerns?: BackupItemAction['concerns']): BackupItemAction {
  const execute = () => Promise.reject(new Error('nothing is executed'));
  return { name: 'example.com/a', appliesTo, execute, ...(concerns && { concerns }) };
}

/** As planned by one worker and asked on another, which may have other actions. */
function isStagedFor(planned: Registered<BackupItemAction>[], registered = planned): IsStaged {
  return createIsStaged({ backupItemActions: registered }, { actions: planActions(planned, discovery) }, discovery);
}

const pod = object('v1 Pod', 'shop/web', { metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } } });
const widget = object('example.com/v1 Widget', 'shop/w');

describe('createIsStaged', () => {
  it('stages volumes, and nothing else without actions', () => {
    const isStaged = isStagedFor([]);
    assert.equal(isStaged('persistentvolumes', object('v1 PersistentVolume', 'pv-1')), true);
    assert.equal(isStaged('pods', pod), false);
  });

  const cases: readonly [string, ResourceSelector, readonly [boolean, boolean]][] = [
    ['everything for an action that names nothing', {}, [true, true]],
    ['what an action can match', { includedResources: ['pod', 'ghosts'] }, [true, false]],
    ['all but what an action excludes', { excludedResources: ['pods'] }, [false, true]],
    ['nothing of what the labels leave out', { labelSelector: 'app=db' }, [false, false]],
    ['what the labels match', { labelSelector: 'app=web' }, [true, false]],
    ['nothing of another namespace', { includedNamespaces: ['bank'] }, [false, false]],
  ];
  for (const [what, selector, expected] of cases)
    it(`stages ${what}`, () => {
      const isStaged = isStagedFor([action(selector)]);
      assert.deepEqual([isStaged('pods', pod), isStaged('widgets.example.com', widget)], expected);
    });

  it('asks the action itself about what it can match', () => {
    const asked: string[] = [];
    const isStaged = isStagedFor([
      action({ includedResources: ['pods'] }, (item) => {
        asked.push(item.metadata.name);
        return item.metadata.name !== 'web';
      }),
    ]);
    assert.equal(isStaged('pods', pod), false);
    assert.equal(isStaged('pods', object('v1 Pod', 'shop/other')), true);
    assert.equal(isStaged('widgets.example.com', widget), false);
    assert.deepEqual(asked, ['web', 'other']);
  });

  for (const annotation of [skipFromBackupAnnotation, mustIncludeAnnotation])
    it(`stages what bears ${annotation} already, which an action's run gives a meaning`, () => {
      const { metadata, ...rest } = pod;
      const marked = { ...rest, metadata: { ...metadata, annotations: { [annotation]: 'true' } } };
      assert.equal(isStagedFor([action({ includedResources: ['pods'] }, () => false)])('pods', marked), true);
      assert.equal(isStagedFor([action({ includedResources: ['secrets'] }, () => false)])('pods', marked), false);
    });

  it('stages what one of several actions wants', () => {
    const isStaged = isStagedFor([action({}, () => false), { ...action({}, () => true), name: 'example.com/b' }]);
    assert.equal(isStaged('pods', pod), true);
  });

  it('stages an item at which an action fails, so that the failure is reported', () => {
    const isStaged = isStagedFor([
      action({}, () => {
        throw new Error('unreadable');
      }),
    ]);
    assert.equal(isStaged('pods', pod), true);
  });

  it('stages for an action that another worker runs, or that this one does not have', () => {
    const worker = { taskQueue: 'q', startTimeoutMs: 1, timeoutMs: 1, transport: 'store' as const, appliesTo: {} };
    const elsewhere = { name: 'example.com/a', appliesTo: { includedResources: ['pods'] }, worker };
    assert.equal(isStagedFor([elsewhere])('pods', pod), true);
    assert.equal(isStagedFor([action({ includedResources: ['pods'] })], [])('pods', pod), true);
    assert.equal(isStagedFor([action({ includedResources: ['pods'] })], [])('widgets.example.com', widget), false);
  });
});
