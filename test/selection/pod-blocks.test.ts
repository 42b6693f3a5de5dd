import assert from 'node:assert/strict';
import fc from 'fast-check';
import { claimsOf, podBlocks } from '../../src/selection/pod-blocks.ts';
import { object } from '../support/objects.ts';

describe('claimsOf', () => {
  const claim = (claimName: unknown) => ({ name: 'v', persistentVolumeClaim: { claimName } });
  const cases = [
    { title: 'none without volumes', volumes: undefined, claims: [] },
    {
      title: 'those of claims, each once',
      volumes: [claim('a'), claim('b'), claim('a')],
      claims: ['shop/a', 'shop/b'],
    },
    { title: 'none of other volumes', volumes: [{ name: 'c', configMap: { name: 'c' } }], claims: [] },
    {
      title: 'those made for ephemeral volumes',
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: {} } }],
      claims: ['shop/web-scratch'],
    },
    { title: 'none of what is no volume', volumes: [null, 7, claim(7), { persistentVolumeClaim: null }], claims: [] },
    { title: 'none where volumes are no list', volumes: {}, claims: [] },
  ];
  for (const { title, volumes, claims } of cases)
    it(title, () => assert.deepEqual(claimsOf(object('v1 Pod', 'shop/web', { spec: { volumes } })), claims));
});

describe('podBlocks', () => {
  function blocks(pods: Record<string, string[]>): string[] {
    return podBlocks(Object.entries(pods).map(([pod, claims]) => ({ pod, claims }))).map(
      (block) => `${block.pods.join(' ')}: ${block.claims.join(' ')}`,
    );
  }

  const cases: { title: string; pods: Record<string, string[]>; expected: string[] }[] = [
    { title: 'a pod without claims stands alone', pods: { a: [], b: [] }, expected: ['a: ', 'b: '] },
    { title: 'pods that share a claim are one', pods: { a: ['x'], b: ['y'], c: ['x'] }, expected: ['b: y', 'a c: x'] },
    { title: 'and so are those in a chain', pods: { a: ['x'], b: ['y'], c: ['y', 'x'] }, expected: ['b a c: y x'] },
    { title: 'none of no pods', pods: {}, expected: [] },
  ];
  for (const { title, pods, expected } of cases) it(title, () => assert.deepEqual(blocks(pods), expected));

  const anyPods = fc.array(fc.uniqueArray(fc.constantFrom('u', 'v', 'w', 'x', 'y', 'z'), { maxLength: 3 }), {
    maxLength: 12,
  });

  it('puts each pod into one block, and each claim too', () => {
    fc.assert(
      fc.property(anyPods, (claims) => {
        const found = podBlocks(claims.map((one, pod) => ({ pod, claims: one })));
        assert.deepEqual(
          found.flatMap(({ pods }) => pods).toSorted((a, b) => a - b),
          claims.map((_, pod) => pod),
        );
        const all = found.flatMap((block) => block.claims);
        assert.deepEqual(all.toSorted(), [...new Set(claims.flat())].toSorted());
        for (const block of found)
          for (const pod of block.pods) assert.ok(claims[pod]!.every((claim) => block.claims.includes(claim)));
      }),
    );
  });

  it('joins no pods that nothing joins: in whatever order they come, the blocks are the same', () => {
    const sorted = (pods: { pod: string; claims: string[] }[]) =>
      podBlocks(pods)
        .map((block): string => block.pods.toSorted().join())
        .toSorted();
    fc.assert(
      fc.property(anyPods, (claims) => {
        const pods = claims.map((one, index) => ({ pod: `p${index}`, claims: one }));
        assert.deepEqual(sorted(pods), sorted(pods.toReversed()));
      }),
    );
  });
});
