import { transportAddress } from '@kaon/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { UfragRouter, type UfragRouterOptions } from '../../src/mux/index.ts';
import { binding, check } from './stun.ts';

interface Owner {
  readonly name: string;
}

const A: Owner = { name: 'a' };
const B: Owner = { name: 'b' };
const C: Owner = { name: 'c' };
const X = transportAddress('198.51.100.7', 4000);
const Y = transportAddress('198.51.100.7', 4001);
const Z = transportAddress('2001:db8::7', 4000);
const DATA = Uint8Array.of(23, 254, 253, 1);

let router: UfragRouter<Owner>;
let now: number;

function make(options: UfragRouterOptions<Owner> = {}): void {
  router = new UfragRouter(options);
  router.add('aaaa', A);
  router.add('bbbb', B);
  router.add('cccc', C);
}

/** The owner checks the address and has an answer from there. */
function prove(owner: Owner, remote = X, id = 77): void {
  const request = check('peer', id, owner.name);
  router.sent(request, 0, request.length, remote, owner, now);
  router.route(binding('success', id), remote, now);
}

beforeEach(() => {
  now = 1000;
  make();
});

describe('requests', () => {
  it('go to the owner of the first half of their USERNAME', () => {
    expect(router.route(check('aaaa'), X, now)).toBe(A);
    expect(router.route(check('bbbb'), X, now)).toBe(B);
    expect(router.route(check('aaaa'), Z, now)).toBe(A);
    expect(router.route(binding('request', 1, 'aaaa'), X, now)).toBe(A);
  });

  it('to a fragment that nobody has are unknown', () => {
    expect(router.route(check('dddd'), X, now)).toBe('unknown');
    expect(router.route(binding('indication', 1, 'dddd:peer'), X, now)).toBeUndefined();
  });

  it('without a USERNAME go where the address belongs', () => {
    expect(router.route(binding('request', 1), X, now)).toBeUndefined();
    router.route(check('aaaa'), X, now);
    expect(router.route(binding('request', 1), X, now)).toBe(A);
    expect(router.route(binding('indication', 1), X, now)).toBe(A);
  });

  it('with a USERNAME that is too long, empty or not text are nobody’s', () => {
    for (const username of [':peer', 'aa aa:peer', 'aaä:peer']) {
      expect(router.route(binding('request', 1, username), X, now)).toBeUndefined();
    }
    expect(router.route(binding('request', 1, 'x'.repeat(508)), X, now)).toBe('unknown');
    const tooLong = new Uint8Array(20 + 4 + 512).fill(0x61);
    tooLong.set(binding('request', 1).subarray(0, 20));
    tooLong.set([2, 4], 2);
    tooLong.set([0, 6, 2, 0], 20);
    expect(router.route(tooLong, X, now)).toBeUndefined();
  });

  it('go to an owner that is computed where nobody has the fragment', () => {
    make({ ownerOf: (fragment) => (fragment.startsWith('c') ? C : undefined) });
    expect(router.route(check('c123'), X, now)).toBe(C);
    expect(router.route(check('d123'), X, now)).toBe('unknown');
    expect(router.route(DATA, X, now)).toBe(C);
  });
});

describe('responses', () => {
  it('go to the one who asked, wherever they come from', () => {
    const request = check('peer', 5);
    router.sent(request, 0, request.length, X, B, now);
    expect(router.route(binding('success', 6), X, now)).toBeUndefined();
    expect(router.route(binding('success', 5), Y, now)).toBe(B);
  });

  it('of a STUN server go to each of many askers and claim its address for none', () => {
    for (const [id, owner] of [A, B, C].entries()) {
      const request = binding('request', id);
      router.sent(request, 0, request.length, Y, owner, now);
    }
    expect([2, 0, 1].map((id) => router.route(binding('success', id), Y, now))).toEqual([C, A, B]);
    expect(router.tables.addresses).toBe(0);
    expect(router.tables.transactions).toBe(0);
  });

  it('that come late or twice go where the address belongs', () => {
    prove(A);
    expect(router.route(binding('success', 77), X, now)).toBe(A);
    expect(router.route(binding('success', 77), Y, now)).toBeUndefined();
    const request = check('peer', 9);
    router.sent(request, 0, request.length, Y, B, now);
    now += 39_500;
    expect(router.route(binding('error', 9), Y, now)).toBeUndefined();
  });

  it('are waited for longer after a retransmission', () => {
    const request = check('peer', 9);
    router.sent(request, 0, request.length, X, A, now);
    now += 39_000;
    router.sent(request, 0, request.length, X, A, now);
    now += 39_000;
    expect(router.route(binding('success', 9), X, now)).toBe(A);
  });

  it('are found for a request that stands in the middle of a buffer', () => {
    const request = check('peer', 9);
    const buffer = new Uint8Array(300);
    buffer.set(request, 100);
    router.sent(buffer, 100, 100 + request.length, X, A, now);
    router.sent(buffer, 100, 100, X, A, now);
    expect(router.route(binding('success', 9), X, now)).toBe(A);
  });
});

describe('an address', () => {
  it('belongs to the one who is first heard from there', () => {
    expect(router.route(DATA, X, now)).toBeUndefined();
    router.route(check('aaaa'), X, now);
    expect(router.route(DATA, X, now)).toBe(A);
    expect(router.byAddress(X)).toBe(A);
    expect(router.route(DATA, Y, now)).toBeUndefined();
    expect(router.route(new Uint8Array(0), X, now)).toBe(A);
  });

  it('is not moved by a request alone', () => {
    router.route(check('aaaa'), X, now);
    prove(A);
    router.prefer(X, A, now);
    for (let i = 0; i < 50; i++) {
      expect(router.route(check('bbbb', i), X, now)).toBe(B);
      now += 1000;
    }
    expect(router.byAddress(X)).toBe(A);
  });

  it('is not moved by a choice without an answer, as a lite agent’s by a forged check with USE-CANDIDATE', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    router.route(check('bbbb'), X, now);
    router.prefer(X, B, now);
    expect(router.byAddress(X)).toBe(A);
  });

  it('is moved by such a choice once the one who had it is silent', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    router.route(check('bbbb'), X, now);
    router.prefer(X, B, now);
    now += 29_000;
    router.route(check('bbbb'), X, now);
    expect(router.byAddress(X)).toBe(A);
    now += 1000;
    router.route(check('bbbb'), X, now);
    expect(router.byAddress(X)).toBe(B);
  });

  it('is not moved by an error, which any stranger answers', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    router.route(check('bbbb'), X, now);
    const request = check('peer', 12, 'b');
    router.sent(request, 0, request.length, X, B, now);
    expect(router.route(binding('error', 12), X, now)).toBe(B);
    router.prefer(X, B, now);
    expect(router.byAddress(X)).toBe(A);
  });

  it('is not moved by an answer that comes from elsewhere', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    const request = check('peer', 12, 'b');
    router.sent(request, 0, request.length, Y, B, now);
    router.route(binding('success', 12), X, now);
    router.prefer(X, B, now);
    expect(router.byAddress(X)).toBe(A);
  });

  it('is moved by a choice with an answer', () => {
    router.route(check('aaaa'), X, now);
    prove(A);
    router.prefer(X, A, now);
    router.route(check('bbbb'), X, now);
    prove(B);
    expect(router.byAddress(X)).toBe(A);
    router.prefer(X, B, now);
    expect(router.byAddress(X)).toBe(B);
    // The other's agent chose it before and has heard nothing that would make it choose again.
    router.route(check('aaaa'), X, now);
    expect(router.byAddress(X)).toBe(B);
  });

  it('that nobody has proved goes to the first who does', () => {
    router.route(check('aaaa'), X, now);
    router.route(check('bbbb'), X, now);
    prove(B);
    expect(router.byAddress(X)).toBe(B);
  });

  it('goes to the one who waits for it when its owner is gone, the strongest first', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    router.route(check('bbbb'), X, now);
    router.route(check('cccc'), X, now);
    prove(C);
    expect(router.byAddress(X)).toBe(A);
    router.remove(A);
    expect(router.byAddress(X)).toBe(C);
    router.remove(C);
    expect(router.byAddress(X)).toBe(B);
    router.remove(B);
    expect(router.byAddress(X)).toBeUndefined();
    expect(router.tables).toEqual({ fragments: 0, addresses: 0, transactions: 0 });
  });

  it('that was not chosen is forgotten in time, a chosen one is not', () => {
    router.route(check('aaaa'), X, now);
    router.route(check('aaaa'), Y, now);
    router.prefer(X, A, now);
    now += 60_000;
    expect(router.route(check('bbbb'), Z, now)).toBe(B);
    expect([router.byAddress(X), router.byAddress(Y), router.byAddress(Z)]).toEqual([A, undefined, B]);
  });

  it('stays with the owner for the old route for a while after it has chosen another', () => {
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    now += 100_000;
    router.prefer(Y, A, now);
    router.route(check('aaaa'), Y, now);
    expect([router.byAddress(X), router.byAddress(Y)]).toEqual([A, A]);
    now += 60_000;
    router.route(check('bbbb'), Z, now);
    expect([router.byAddress(X), router.byAddress(Y)]).toEqual([undefined, A]);
  });
});

describe('bounds', () => {
  it('hold for the addresses of one owner; the chosen and the proven stay', () => {
    make({ maxAddressesPerOwner: 4 });
    router.route(check('aaaa'), X, now);
    router.prefer(X, A, now);
    prove(A, Y);
    for (let port = 1; port <= 1000; port++) {
      now++;
      router.route(check('aaaa'), transportAddress('203.0.113.1', port), now);
    }
    expect(router.tables.addresses).toBe(4);
    expect([router.byAddress(X), router.byAddress(Y)]).toEqual([A, A]);
    expect(router.byAddress(transportAddress('203.0.113.1', 1000))).toBe(A);
    expect(router.byAddress(transportAddress('203.0.113.1', 1))).toBeUndefined();
  });

  it('hold for those who wait for one address', () => {
    const owners = Array.from({ length: 50 }, (_, index) => ({ name: `o${index}` }));
    for (const owner of owners) {
      router.add(owner.name, owner);
      expect(router.route(check(owner.name), X, now)).toBe(owner);
    }
    expect(router.tables.addresses).toBeLessThanOrEqual(8);
    expect(router.byAddress(X)).toBe(owners[0]);
    prove(owners[49] as Owner);
    router.prefer(X, owners[49] as Owner, now);
    expect(router.byAddress(X)).toBe(owners[49]);
  });

  it('hold for transactions: the oldest is given up', () => {
    make({ maxTransactions: 3 });
    for (let id = 1; id <= 5; id++) {
      const request = check('peer', id);
      router.sent(request, 0, request.length, X, A, now);
    }
    expect(router.tables.transactions).toBe(3);
    expect([2, 3].map((id) => router.route(binding('success', id), Y, now))).toEqual([undefined, A]);
  });

  it('hold for owners and their fragments', () => {
    router = new UfragRouter({ maxOwners: 2 });
    router.add('aaaa', A);
    router.add('bbbb', B);
    expect(() => router.add('cccc', C)).toThrowError(expect.objectContaining({ code: 'ICE_MUX_FULL' }));
    expect(() => router.add('aaaa', B)).toThrowError(expect.objectContaining({ code: 'ICE_UFRAG_TAKEN' }));
    for (const fragment of ['a002', 'a003', 'a004', 'a005']) router.add(fragment, A);
    router.add('a005', A);
    expect(router.get('aaaa')).toBeUndefined();
    expect(['a002', 'a003', 'a004', 'a005'].map((fragment) => router.get(fragment))).toEqual([A, A, A, A]);
    expect(router.owners).toBe(2);
    router.remove(A);
    router.add('cccc', C);
    expect(router.owners).toBe(2);
  });

  it('must be numbers above 0', () => {
    for (const options of [
      { maxOwners: 0 },
      { maxAddressesPerOwner: -1 },
      { addressLifetime: Number.NaN },
      { silence: 0 },
      { transactionLifetime: 0 },
      { maxTransactions: 0 },
    ]) {
      expect(() => new UfragRouter(options)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_OPTION' }));
    }
  });

  it('are times that can be set', () => {
    make({ addressLifetime: 10, silence: 5, transactionLifetime: 3 });
    router.route(check('aaaa'), X, now);
    const request = check('peer', 9);
    router.sent(request, 0, request.length, Z, A, now);
    now += 10;
    expect(router.route(check('bbbb'), X, now)).toBe(B);
    expect(router.byAddress(X)).toBe(B);
    expect(router.route(binding('success', 9), Z, now)).toBeUndefined();
    router.prefer(X, B, now);
    router.prefer(X, C, now);
    expect(router.byAddress(X)).toBe(B);
    now += 5;
    router.route(check('cccc'), X, now);
    expect(router.byAddress(X)).toBe(C);
  });
});
