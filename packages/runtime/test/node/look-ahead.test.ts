import { describe, expect, it } from 'vitest';
import { GcmWorkspace } from '../../src/node/crypto/gcm/workspace.ts';
import { LookAhead, STREAM_SIZE } from '../../src/node/crypto/look-ahead.ts';
import { createNodeCrypto } from '../../src/node/index.ts';

/** Key stream of packet `index` is filled with its number; counts how often it is asked for. */
function numbered(): { ahead: LookAhead; calls: { first: number; packets: number }[] } {
  const calls: { first: number; packets: number }[] = [];
  const ahead = new LookAhead((high, low, packets, blocks) => {
    const first = high * 2 ** 32 + low;
    calls.push({ first, packets });
    const bytes = new Uint8Array(packets * blocks * 16);
    expect(bytes.length).toBeLessThanOrEqual(STREAM_SIZE);
    for (let i = 0; i < packets; i++) bytes.fill(first + i, i * blocks * 16, (i + 1) * blocks * 16);
    return bytes;
  });
  return { ahead, calls };
}

/** The first byte that a call gave. */
function at(ahead: LookAhead, offset: number): number | undefined {
  return ahead.bytes[offset];
}

describe('key stream ahead', () => {
  it('of packets sent in order takes few calls, and fewer the longer it goes on', () => {
    const { ahead, calls } = numbered();
    for (let i = 0; i < 1000; i++) {
      const offset = ahead.forSending(i, 3 + (i % 3));
      expect(ahead.bytes[offset]).toBe(i & 255);
      expect(ahead.bytes[offset + 47]).toBe(i & 255);
    }
    expect(calls.length).toBeLessThan(40);
  });

  it('of packets that come, lost ones and late ones among them, as well', () => {
    const { ahead, calls } = numbered();
    for (let i = 0; i < 1000; i++) {
      const index = i % 10 === 3 ? i - 1 : i % 10 === 2 ? i + 1 : i;
      if (i % 10 === 7) continue;
      const offset = ahead.forReceiving(index, 4);
      expect(ahead.bytes[offset]).toBe(index & 255);
      expect(ahead.bytes[offset + 63]).toBe(index & 255);
      ahead.accept(index, 4);
    }
    expect(calls.length).toBeLessThan(100);
  });

  it('is not made for packets that are only claimed', () => {
    const { ahead, calls } = numbered();
    for (let i = 0; i < 200; i++) {
      ahead.forReceiving(i, 4);
      ahead.accept(i, 4);
    }
    calls.length = 0;
    for (let i = 200; i < 400; i++) expect(at(ahead, ahead.forReceiving(i, 4))).toBe(i & 255);
    expect(calls.filter(({ packets }) => packets > 1).length).toBeLessThanOrEqual(1);
  });

  it('of packets sent again leaves the window where it is', () => {
    const { ahead, calls } = numbered();
    for (let i = 0; i < 200; i++) ahead.forSending(i, 2);
    calls.length = 0;
    for (let i = 0; i < 50; i++) expect(at(ahead, ahead.forSending(i, 2))).toBe(i);
    expect(calls.every(({ packets }) => packets === 1)).toBe(true);
    calls.length = 0;
    for (let i = 200; i < 230; i++) expect(at(ahead, ahead.forSending(i, 2))).toBe(i);
    expect(calls.length).toBeLessThan(4);
  });

  it('does not go over the end of 32 bits in one call', () => {
    const { ahead, calls } = numbered();
    for (let i = 2 ** 32 - 30; i < 2 ** 32 + 30; i++) ahead.forSending(i, 2);
    for (const { first, packets } of calls) {
      expect(Math.floor(first / 2 ** 32)).toBe(Math.floor((first + packets - 1) / 2 ** 32));
    }
  });
});

describe('sequences of AES-GCM', () => {
  it('get tables for their key when one of them is busy, the same for all', () => {
    const aead = createNodeCrypto({ hybridAesGcm: true }).aead('AES-128-GCM', new Uint8Array(16).fill(77));
    const leases = (): number => GcmWorkspace.shared()?.slots.filter(({ lease }) => lease !== 0).length ?? 0;
    const before = leases();
    const sequences = [1, 2].map((byte) => aead.sequence?.(new Uint8Array(12).fill(byte)));
    const nonce = new Uint8Array(12);
    for (let i = 0; i < 30; i++) {
      for (const [which, sequence] of sequences.entries()) {
        nonce.fill(which + 1);
        nonce[11]! ^= i;
        sequence?.seal(nonce, nonce, new Uint8Array(116), 0, 100);
      }
      if (i === 3) expect(leases()).toBe(before);
    }
    expect(leases()).toBe(before + 1);
    aead.dispose?.();
    expect(leases()).toBe(before);
  });

  it('are not there without the kernel', () => {
    expect(createNodeCrypto({ hybridAesGcm: false }).aead('AES-128-GCM', new Uint8Array(16)).sequence).toBe(undefined);
  });
});
