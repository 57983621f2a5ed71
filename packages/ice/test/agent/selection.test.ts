import { describe, expect, it } from 'vitest';
import { CandidatePair } from '../../src/agent/pair.ts';
import { Selection } from '../../src/agent/selection.ts';
import { generation, local, remote } from './parts.ts';

function pair(port: number): CandidatePair {
  const made = new CandidatePair(port, local(port), remote(port), 'controlling');
  made.becomeValid(made.local, 0);
  return made;
}

describe('Selection', () => {
  it('shows one pair with one path', () => {
    const selection = new Selection();
    const chosen = pair(1);
    expect(selection.selected).toBeUndefined();
    const selected = selection.select(chosen, generation(), 100);
    expect(selection.selected).toBe(selected);
    expect(selected.path).toBe(chosen.path);
  });

  it('shows a remote candidate that was signalled after it was discovered, on the same path', () => {
    const selection = new Selection();
    const chosen = pair(1);
    const { path } = selection.select(chosen, generation(), 100);
    chosen.remote.candidate = { ...chosen.remote.candidate, type: 'srflx' };
    expect(selection.selected?.remote.type).toBe('srflx');
    expect(selection.selected?.path).toBe(path);
    expect(selection.selected).toBe(selection.selected);
  });

  it('knows the paths of valid pairs and no others, by value', () => {
    const selection = new Selection();
    const current = generation();
    const list = current.checklist;
    const one = list.add(local(1), remote(1), 'controlling')!;
    const two = list.add(local(1), remote(2), 'controlling')!;
    expect(selection.isKnown(one.path, current)).toBe(false);
    one.becomeValid(one.local, 0);
    selection.changed();
    expect(selection.isKnown({ ...one.path, remote: { ...one.path.remote } }, current)).toBe(true);
    expect(selection.isKnown(one.path, current)).toBe(true);
    expect(selection.isKnown(two.path, current)).toBe(false);
    expect(selection.isKnown({ ...one.path, local: { ...one.path.local, port: 9 } }, current)).toBe(false);
    one.fail();
    selection.changed();
    expect(selection.isKnown(one.path, current)).toBe(false);
  });

  it('keeps the pair of an earlier generation known for a time of grace', () => {
    const selection = new Selection();
    const [before, after] = [generation(), generation()];
    const old = pair(1);
    selection.select(old, before, 0);
    selection.select(pair(2), after, 100);
    expect(selection.previous?.generation).toBe(before);
    expect(selection.isKnown(old.path, after)).toBe(true);
    expect(selection.pollTimeout()).toBe(100);
    selection.handleTimeout(99);
    expect(selection.isKnown(old.path, after)).toBe(true);
    selection.handleTimeout(100);
    expect(selection.isKnown(old.path, after)).toBe(false);
    expect(selection.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('knows nothing once cleared', () => {
    const selection = new Selection();
    const chosen = pair(1);
    selection.select(chosen, generation(), 0);
    selection.clear();
    expect(selection.selected).toBeUndefined();
    expect(selection.isKnown(chosen.path, generation())).toBe(false);
  });
});
