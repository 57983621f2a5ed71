import { expect, it } from 'vitest';
import { PendingLookups } from '../../src/node/pending-lookups.ts';
import type { Credential } from '../../src/server/index.ts';

it('PendingLookups: keeps as many as the core waits for, and settles each once', () => {
  const lookups = new PendingLookups();
  const settled: [index: number, credential: Credential | undefined][] = [];
  const ids = Array.from({ length: 1024 + 2 }, (_, index) =>
    lookups.add((credential) => settled.push([index, credential])),
  );
  expect(settled).toEqual([
    [0, undefined],
    [1, undefined],
  ]);
  const credential = { password: 'p' };
  lookups.settle(ids[0]!, credential);
  lookups.settle(ids[5]!, credential);
  lookups.settle(ids[5]!, undefined);
  expect(settled.slice(2)).toEqual([[5, credential]]);
  // One has gone, so there is room.
  lookups.add(() => {});
  expect(settled.length).toBe(3);
});
