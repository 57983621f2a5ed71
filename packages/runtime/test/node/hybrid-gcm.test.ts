import { Cipheriv } from 'node:crypto';
import type { Aead } from '@kaon/interface/crypto/v1';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAead } from '../../src/node/crypto/aead.ts';
import { HybridGcm } from '../../src/node/crypto/gcm/hybrid-gcm.ts';
import { GcmWorkspace, MAX_SLOTS } from '../../src/node/crypto/gcm/workspace.ts';
import { createNodeCrypto, nodeCrypto } from '../../src/node/index.ts';
import { bytes, hex } from '../helpers.ts';
import { GCM_VECTORS } from '../vectors/wycheproof-aes-gcm.ts';

type Name = 'AES-128-GCM' | 'AES-256-GCM';

/** Both ways of sealing under one key. */
interface Pair {
  readonly hybrid: HybridGcm;
  readonly plain: Aead;
}

const made: HybridGcm[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const aead of made.splice(0)) aead.dispose();
});

function pair(name: Name = 'AES-128-GCM', key?: Uint8Array): Pair {
  const length = name === 'AES-128-GCM' ? 16 : 32;
  const bits = key ?? Uint8Array.from({ length }, (_, i) => i * 7 + 3);
  const plain = createAead(name, bits);
  const hybrid = new HybridGcm(name, bits, createAead(name, bits));
  made.push(hybrid);
  return { hybrid, plain };
}

/** Keys that are busy at the moment. */
function busyKeys(): number {
  return GcmWorkspace.shared()?.slots.filter(({ lease }) => lease !== 0).length ?? 0;
}

/** A nonce as DTLS 1.2 makes it. */
function nonceOf(sequence: number, epoch = 1): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce.set([0xca, 0xfe, 0xba, 0xbe]);
  const view = new DataView(nonce.buffer);
  view.setUint16(4, epoch);
  view.setUint16(6, Math.floor(sequence / 2 ** 32));
  view.setUint32(8, sequence >>> 0);
  return nonce;
}

function message(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff);
}

const AAD = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 7, 23, 254, 253, 4, 76);

/** What is sealed, as ciphertext and tag in hexadecimal, at an offset in a larger buffer of which nothing else may change. */
function seal(aead: Aead, nonce: Uint8Array, text: Uint8Array, aad: Uint8Array = AAD): string {
  const buffer = new Uint8Array(text.length + 40).fill(0xee);
  buffer.set(text, 5);
  const end = aead.seal(nonce, aad, buffer, 5, 5 + text.length);
  expect(end).toBe(5 + text.length + 16);
  expect(buffer.subarray(0, 5).every((byte) => byte === 0xee)).toBe(true);
  expect(buffer.subarray(end).every((byte) => byte === 0xee)).toBe(true);
  return hex(buffer.subarray(5, end));
}

/** What is opened, in hexadecimal; undefined when the tag is wrong. */
function open(aead: Aead, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array = AAD): string | undefined {
  const buffer = new Uint8Array(sealed.length + 8).fill(0xee);
  buffer.set(sealed, 3);
  const end = aead.open(nonce, aad, buffer, 3, 3 + sealed.length);
  expect(buffer.subarray(0, 3).every((byte) => byte === 0xee)).toBe(true);
  expect(buffer.subarray(3 + sealed.length).every((byte) => byte === 0xee)).toBe(true);
  if (end < 0) return undefined;
  expect(end).toBe(3 + sealed.length - 16);
  return hex(buffer.subarray(3, end));
}

/** Seals, or opens, records from `first` on until the key counts as busy. Returns the next sequence number. */
function makeBusy({ hybrid, plain }: Pair, how: 'seal' | 'open', first = 0, length = 100): number {
  const before = busyKeys();
  let sequence = first;
  for (; busyKeys() === before; sequence++) {
    if (sequence > first + 20) throw new Error('does not become busy');
    const sealed = seal(plain, nonceOf(sequence), message(length));
    if (how === 'seal') expect(seal(hybrid, nonceOf(sequence), message(length))).toBe(sealed);
    else expect(open(hybrid, nonceOf(sequence), bytes(sealed))).toBe(hex(message(length)));
  }
  return sequence;
}

describe.each(['AES-128-GCM', 'AES-256-GCM'] as const)('hybrid %s', (name) => {
  it('seals records of every length in sequence as OpenSSL does', () => {
    const keys = pair(name);
    const first = makeBusy(keys, 'seal');
    for (let length = 0; length <= 2100; length++) {
      const nonce = nonceOf(first + length);
      expect(seal(keys.hybrid, nonce, message(length))).toBe(seal(keys.plain, nonce, message(length)));
    }
    expect(busyKeys()).toBe(1);
  });

  it('opens records of every length in sequence as OpenSSL does', () => {
    const keys = pair(name);
    const first = makeBusy(keys, 'open');
    for (let length = 0; length <= 2100; length++) {
      const nonce = nonceOf(first + length);
      const sealed = bytes(seal(keys.plain, nonce, message(length)));
      expect(open(keys.hybrid, nonce, sealed)).toBe(hex(message(length)));
    }
    expect(busyKeys()).toBe(1);
  });

  it('takes associated data of every length', () => {
    const [sealing, opening] = [pair(name), pair(name)];
    let sequence = Math.max(makeBusy(sealing, 'seal'), makeBusy(opening, 'open'));
    for (let length = 0; length <= 70; length++, sequence++) {
      const nonce = nonceOf(sequence);
      const aad = message(length, 9);
      const sealed = seal(sealing.hybrid, nonce, message(333), aad);
      expect(sealed).toBe(seal(sealing.plain, nonce, message(333), aad));
      expect(open(opening.hybrid, nonce, bytes(sealed), aad)).toBe(hex(message(333)));
      expect(open(opening.hybrid, nonce, bytes(sealed), message(length + 1, 9))).toBeUndefined();
    }
  });

  it('leaves records above 4096 bytes to OpenSSL, between others and unnoticed', () => {
    const [sealing, opening] = [pair(name), pair(name)];
    let sequence = Math.max(makeBusy(sealing, 'seal'), makeBusy(opening, 'open'));
    for (const length of [4095, 4096, 4097, 100, 16384, 4096, 0, 5000, 1200]) {
      const nonce = nonceOf(sequence++);
      const sealed = seal(sealing.hybrid, nonce, message(length));
      expect(sealed).toBe(seal(sealing.plain, nonce, message(length)));
      expect(open(opening.hybrid, nonce, bytes(sealed))).toBe(hex(message(length)));
    }
  });

  it('opens nothing in which one bit was changed', () => {
    const keys = pair(name);
    const sequence = makeBusy(keys, 'open');
    const sealed = bytes(seal(keys.plain, nonceOf(sequence), message(50)));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(keys.hybrid, nonceOf(sequence), changed)).toBeUndefined();
    }
    for (let bit = 0; bit < AAD.length * 8; bit++) {
      const changed = AAD.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(keys.hybrid, nonceOf(sequence), sealed, changed)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(open(keys.hybrid, nonceOf(sequence), sealed.subarray(0, length))).toBeUndefined();
    }
    expect(open(keys.hybrid, nonceOf(sequence), sealed)).toBe(hex(message(50)));
  });
});

describe('Wycheproof', () => {
  it.each(GCM_VECTORS)('$tcId', ({ key, iv, aad, msg, ct, tag, valid }) => {
    const name = key.length === 32 ? 'AES-128-GCM' : 'AES-256-GCM';
    const [sealing, opening] = [pair(name, bytes(key)), pair(name, bytes(key))];
    makeBusy(sealing, 'seal');
    makeBusy(opening, 'open');
    if (valid) expect(seal(sealing.hybrid, bytes(iv), bytes(msg), bytes(aad))).toBe(ct + tag);
    expect(open(opening.hybrid, bytes(iv), bytes(ct + tag), bytes(aad))).toBe(valid ? msg : undefined);
  });
});

describe('nonces', () => {
  it('of any kind and order seal as OpenSSL does', () => {
    const nonces = fc.oneof(
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.integer({ min: 0, max: 40 }).map((sequence) => nonceOf(sequence)),
      fc.integer({ min: 2 ** 32 - 20, max: 2 ** 32 + 20 }).map((sequence) => nonceOf(sequence)),
    );
    const record = fc.record({ nonce: nonces, length: fc.integer({ min: 0, max: 300 }) });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 60 }), (records) => {
        const keys = pair();
        makeBusy(keys, 'seal');
        for (const { nonce, length } of records) {
          expect(seal(keys.hybrid, nonce, message(length))).toBe(seal(keys.plain, nonce, message(length)));
        }
        keys.hybrid.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it('of any kind and order open as OpenSSL does, forged records among them', () => {
    const record = fc.record({
      // Mostly forward, with gaps, repetitions and late ones.
      step: fc.oneof(fc.constant(1), fc.constant(1), fc.integer({ min: -70, max: 140 }), fc.constant(2 ** 32)),
      length: fc.integer({ min: 0, max: 300 }),
      forged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 100 }), (records) => {
        const keys = pair();
        let sequence = makeBusy(keys, 'open', 2 ** 32 - 40);
        for (const { step, length, forged } of records) {
          sequence = Math.max(0, sequence + step);
          const sealed = bytes(seal(keys.plain, nonceOf(sequence), message(length)));
          if (forged) sealed[sealed.length - 1]! ^= 0x80;
          expect(open(keys.hybrid, nonceOf(sequence), sealed)).toBe(forged ? undefined : hex(message(length)));
        }
        keys.hybrid.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it('go on over the end of their last word', () => {
    const [sealing, opening] = [pair(), pair()];
    const from = 2 ** 32 - 200;
    let sequence = Math.max(makeBusy(sealing, 'seal', from), makeBusy(opening, 'open', from));
    for (; sequence < 2 ** 32 + 200; sequence++) {
      const sealed = seal(sealing.hybrid, nonceOf(sequence), message(60));
      expect(sealed).toBe(seal(sealing.plain, nonceOf(sequence), message(60)));
      expect(open(opening.hybrid, nonceOf(sequence), bytes(sealed))).toBe(hex(message(60)));
    }
  });

  it('go on in another epoch', () => {
    const keys = pair();
    makeBusy(keys, 'seal');
    for (let i = 0; i < 100; i++) {
      const nonce = nonceOf(i, 2);
      expect(seal(keys.hybrid, nonce, message(60))).toBe(seal(keys.plain, nonce, message(60)));
    }
  });
});

describe('what is prepared ahead', () => {
  /** Calls of AES that a key makes in `work`. */
  function aesCalls(work: () => void): number {
    const update = vi.spyOn(Cipheriv.prototype, 'update');
    work();
    const calls = update.mock.calls.length;
    update.mockRestore();
    return calls;
  }

  it('serves 16 and more records in sequence by one call of AES, sealing', () => {
    const keys = pair();
    const first = makeBusy(keys, 'seal');
    const buffer = new Uint8Array(1216);
    const calls = aesCalls(() => {
      for (let i = 0; i < 640; i++) keys.hybrid.seal(nonceOf(first + i), AAD, buffer, 0, 1200);
    });
    expect(calls).toBeLessThan(40);
  });

  it.each([
    ['in sequence', (_i: number): boolean => true, 0, 40],
    ['of which every tenth is lost', (i: number): boolean => i % 10 !== 0, 0, 60],
    ['that change places with their neighbours', (_i: number): boolean => true, 3, 60],
  ] as const)('serves records %s by few calls of AES, opening', (_how, arrives, shuffle, most) => {
    const keys = pair();
    const first = makeBusy(keys, 'open');
    const order = Array.from({ length: 640 }, (_, i) => (shuffle === 0 ? i : i - (i % 4) + ((i + shuffle) % 4))).filter(
      arrives,
    );
    const records = order.map((i) => ({
      nonce: nonceOf(first + i),
      sealed: bytes(seal(keys.plain, nonceOf(first + i), message(500))),
    }));
    const calls = aesCalls(() => {
      for (const { nonce, sealed } of records) expect(keys.hybrid.open(nonce, AAD, sealed, 0, sealed.length)).toBe(500);
    });
    expect(calls).toBeLessThan(most);
  });

  it('is not thrown away for forged records, wherever they claim to be', () => {
    const keys = pair();
    const first = makeBusy(keys, 'open');
    const right = Array.from({ length: 200 }, (_, i) => bytes(seal(keys.plain, nonceOf(first + i), message(500))));
    for (const claim of [1, 3, 64, 65, 200, -5, 2 ** 20, 2 ** 40]) {
      // One call each for those outside of the window; the right ones need no more than without them.
      const calls = aesCalls(() => {
        for (let i = 0; i < 20; i++) {
          expect(keys.hybrid.open(nonceOf(Math.max(0, first + i + claim)), AAD, message(516), 0, 516)).toBe(-1);
        }
      });
      expect(calls).toBeLessThanOrEqual(21);
    }
    const calls = aesCalls(() => {
      right.forEach((sealed, i) => {
        expect(keys.hybrid.open(nonceOf(first + i + 64), AAD, message(516), 0, 516)).toBe(-1);
        expect(keys.hybrid.open(nonceOf(first + i), AAD, sealed, 0, sealed.length)).toBe(500);
      });
    });
    expect(calls).toBeLessThan(200 + 20);
  });

  it('grows with longer records and shrinks again', () => {
    const keys = pair();
    let sequence = makeBusy(keys, 'seal');
    for (const length of [20, 1200, 20]) {
      const buffer = new Uint8Array(length + 16);
      const update = vi.spyOn(Cipheriv.prototype, 'update');
      for (let i = 0; i < 400; i++) keys.hybrid.seal(nonceOf(sequence++), AAD, buffer, 0, length);
      const last = update.mock.lastCall?.[0] as unknown as Uint8Array;
      const calls = update.mock.calls.length;
      update.mockRestore();
      expect(calls).toBeLessThan(30);
      expect(last.length).toBeLessThanOrEqual(32768);
      expect(last.length % (16 * (1 + Math.ceil(length / 16)))).toBe(0);
    }
  });
});

describe('a key', () => {
  it('takes no memory until it is busy', () => {
    const keys = pair();
    for (let i = 0; i < 6; i++) seal(keys.hybrid, nonceOf(i), message(10));
    for (let i = 0; i < 50; i++) seal(keys.hybrid, nonceOf(i * 100), message(10));
    expect(busyKeys()).toBe(0);
  });

  it('is not busy with a record now and then', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const keys = pair();
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(500);
      seal(keys.hybrid, nonceOf(i), message(10));
    }
    expect(busyKeys()).toBe(0);
    for (let i = 100; i < 120; i++) seal(keys.hybrid, nonceOf(i), message(10));
    expect(busyKeys()).toBe(1);
  });

  it('does not become busy by records that a peer has forged', () => {
    const keys = pair();
    for (let i = 0; i < 100; i++) expect(open(keys.hybrid, nonceOf(i), message(40))).toBeUndefined();
    expect(busyKeys()).toBe(0);
  });

  it('gives its memory back when it is disposed of', () => {
    const keys = pair();
    makeBusy(keys, 'seal');
    const slot = GcmWorkspace.shared()!.slots.find(({ lease }) => lease !== 0)!;
    const { tables, stream } = slot;
    keys.hybrid.dispose();
    keys.hybrid.dispose();
    expect(busyKeys()).toBe(0);
    expect(
      GcmWorkspace.shared()!
        .bytes.subarray(tables, stream + 1024)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it('works without memory when there is none left, and gets that of one that is not used any more', () => {
    const all = Array.from({ length: MAX_SLOTS }, (_, i) => pair('AES-128-GCM', message(16, i)));
    for (const keys of all) makeBusy(keys, 'seal');
    expect(busyKeys()).toBe(MAX_SLOTS);
    const late = pair('AES-128-GCM', message(16, 1000));
    for (let i = 0; i < 9000; i++) {
      const busy = all[i % (MAX_SLOTS - 1)]!;
      const sequence = 100 + i;
      expect(seal(busy.hybrid, nonceOf(sequence), message(3))).toHaveLength(38);
      if (i % 100 > 10) continue;
      expect(seal(late.hybrid, nonceOf(i), message(30))).toBe(seal(late.plain, nonceOf(i), message(30)));
    }
    expect(busyKeys()).toBe(MAX_SLOTS);
    const robbed = all[MAX_SLOTS - 1]!;
    for (let i = 5000; i < 5020; i++) {
      expect(seal(robbed.hybrid, nonceOf(i), message(30))).toBe(seal(robbed.plain, nonceOf(i), message(30)));
    }
  });
});

describe('the option', () => {
  it('switches the kernel on and off', () => {
    for (const [hybridAesGcm, name, busy] of [
      [true, 'node+wasm', 1],
      [false, 'node', 0],
    ] as const) {
      const provider = createNodeCrypto({ hybridAesGcm });
      expect(provider.name).toBe(name);
      const aead = provider.aead('AES-128-GCM', new Uint8Array(16));
      for (let i = 0; i < 50; i++) seal(aead, nonceOf(i), message(10));
      expect(busyKeys()).toBe(busy);
      aead.dispose?.();
    }
  });

  it('follows the environment when it is not given', () => {
    expect(nodeCrypto.name).toBe('node+wasm');
    vi.stubEnv('KAON_HYBRID_AES_GCM', '0');
    expect(createNodeCrypto().name).toBe('node');
    vi.unstubAllEnvs();
    expect(createNodeCrypto().name).toBe('node+wasm');
  });
});
