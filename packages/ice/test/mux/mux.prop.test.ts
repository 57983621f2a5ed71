import { transportAddress } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkUsername, UfragRouter, UnknownRequests } from '../../src/mux/index.ts';
import { binding, check } from './stun.ts';

const X = transportAddress('198.51.100.7', 4000);

describe('any bytes', () => {
  it('have an owner or none, and never throw', () => {
    const router = new UfragRouter<object>();
    const unknown = new UnknownRequests<undefined>();
    const owner = {};
    router.add('aaaa', owner);
    const feed = (bytes: Uint8Array): void => {
      const found = router.route(bytes, X, 0);
      expect([owner, 'unknown', undefined]).toContain(found);
      router.sent(bytes, 0, bytes.length, X, owner, 0);
      unknown.add(bytes, X, undefined, 0);
      checkUsername(bytes);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), feed));
    for (const message of [check('aaaa'), check('bbbb'), binding('success', 3), binding('indication', 4)]) {
      for (let length = 0; length < message.length; length++) feed(message.slice(0, length));
      for (let bit = 0; bit < message.length * 8; bit++) {
        const flipped = message.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        feed(flipped);
      }
    }
  });
});

describe('whatever happens', () => {
  it('every address has one owner that is there, and nothing is left of those who are gone', () => {
    const owners = ['aaaa', 'bbbb', 'cccc', 'dddd'].map((name) => ({ name }));
    const command = fc.record({
      what: fc.constantFrom('request', 'sent', 'success', 'error', 'prefer', 'add', 'remove', 'wait'),
      owner: fc.nat(3),
      port: fc.integer({ min: 1, max: 6 }),
      id: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const router = new UfragRouter<{ name: string }>({ maxAddressesPerOwner: 3, maxTransactions: 5 });
        const present = new Set<{ name: string }>();
        let now = 0;
        for (const { what, owner: index, port, id } of commands) {
          const owner = owners[index]!;
          const remote = transportAddress('198.51.100.7', port);
          if (what === 'add') {
            router.add(owner.name, owner);
            present.add(owner);
          } else if (what === 'remove') {
            router.remove(owner);
            present.delete(owner);
          } else if (what === 'wait') now += id * 10_000;
          else if (what === 'request') {
            expect(router.route(check(owner.name, id), remote, now)).toBe(present.has(owner) ? owner : 'unknown');
          } else if (what === 'sent' && present.has(owner)) {
            const bytes = check('peer', id);
            router.sent(bytes, 0, bytes.length, remote, owner, now);
          } else if (what === 'prefer' && present.has(owner)) router.prefer(remote, owner, now);
          else if (what === 'success' || what === 'error') router.route(binding(what, id), remote, now);
          for (let each = 1; each <= 6; each++) {
            const holder = router.byAddress(transportAddress('198.51.100.7', each));
            if (holder !== undefined) expect(present).toContain(holder);
          }
          expect(router.tables.addresses).toBeLessThanOrEqual(3 * present.size);
          expect(router.tables.transactions).toBeLessThanOrEqual(5);
        }
        for (const owner of owners) router.remove(owner);
        expect(router.tables).toEqual({ fragments: 0, addresses: 0, transactions: 0 });
      }),
    );
  });
});
