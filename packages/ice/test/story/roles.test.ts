import { describe, expect, it } from 'vitest';
import { A4, A6, B4, B6, connect, story } from '../helpers.ts';

describe('a role conflict (RFC 8445 §7.3.1.1)', () => {
  it.each([
    ['controlling', 1n, 2n],
    ['controlling', 2n, 1n],
    ['controlling', 7n, 7n],
    ['controlled', 1n, 2n],
    ['controlled', 2n, 1n],
    ['controlled', 7n, 7n],
  ] as const)('of two %s agents is settled by tie-breakers %i and %i', (role, tieA, tieB) => {
    const s = story({
      a: { role, tieBreaker: tieA },
      b: { role, tieBreaker: tieB },
      aBases: [A4, A6],
      bBases: [B4, B6],
    });
    connect(s);
    s.pair.run({ until: s.settled });
    expect([s.a.role, s.b.role].sort()).toEqual(['controlled', 'controlling']);
    // The larger number becomes, or stays, controlling.
    if (tieA === tieB) return;
    expect(s.a.role).toBe(tieA > tieB ? 'controlling' : 'controlled');
    expect([...s.pair.a.of('role'), ...s.pair.b.of('role')]).toHaveLength(1);
  });

  it.each(['controlling', 'controlled'] as const)('of two %s agents is settled over a lossy network', (role) => {
    for (let seed = 1; seed <= 10; seed++) {
      const s = story({ seed, a: { role }, b: { role }, netem: { delay: 30, jitter: 30, loss: 0.3 } });
      connect(s);
      expect(s.a.role).not.toBe(s.b.role);
    }
  });

  it('changes the pair priorities with the role', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6] });
    s.pair.advance(1);
    const before = s.a.stats().pairs.map(({ priority }) => priority);
    s.a.setRole('controlled', s.pair.now);
    s.b.setRole('controlling', s.pair.now);
    expect(s.a.role).toBe('controlled');
    expect(s.a.stats().pairs.map(({ priority }) => priority)).toHaveLength(before.length);
    connect(s);
    s.pair.run({ until: s.settled });
    expect(s.b.role).toBe('controlling');
    expect(s.pair.a.has('role')).toBe(false);
  });
});
