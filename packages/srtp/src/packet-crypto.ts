import { readU32, writeU32 } from '@kaon/wire';
import type { PacketKeys } from './session-keys.ts';

/** Nonces, counters and tags of the packet at hand, in arrays that all packets of a session share. */
export class PacketCrypto {
  /** What the latest `makeNonce` made. */
  readonly nonce: Uint8Array = new Uint8Array(12);
  /** What the latest `makeCounter` or `makeHeaderCounter` made. */
  readonly counter: Uint8Array = new Uint8Array(16);
  readonly #tag = new Uint8Array(20);

  /** The nonce of a packet of an AEAD (RFC 7714 §8.1, §9.1): salt and SSRC are in the mask. */
  makeNonce(mask: Uint8Array, index: number): void {
    const { nonce } = this;
    for (let i = 0; i < 12; i++) nonce[i] = mask[i]!;
    xorIndex(nonce, 6, index);
  }

  /** The first counter of a packet of AES-CM (RFC 3711 §4.1.1): salt and SSRC are in the mask. */
  makeCounter(mask: Uint8Array, index: number): void {
    const { counter } = this;
    for (let i = 0; i < 16; i++) counter[i] = mask[i]!;
    xorIndex(counter, 8, index);
  }

  /** The first counter for encrypted header extensions (RFC 6904 §3.1). */
  makeHeaderCounter(salt: Uint8Array, ssrc: number, index: number): void {
    const { counter } = this;
    counter.fill(0);
    counter.set(salt);
    writeU32(counter, 4, (readU32(counter, 4) ^ ssrc) >>> 0);
    xorIndex(counter, 8, index);
  }

  /** Makes the tag over a range, for `putTag` and `isTag`. */
  sign({ mac }: PacketKeys, buffer: Uint8Array, start: number, end: number): void {
    if (mac?.signRange !== undefined) mac.signRange(this.#tag, buffer, start, end);
    else mac?.sign(this.#tag, buffer.subarray(start, end));
  }

  /**
   * Makes the tag of an SRTP packet: the rollover counter counts as if it stood behind the packet (RFC 3711 §4.2), and is put there for
   * as long as it takes. What is behind a protected packet has 4 bytes at least.
   */
  signRtp(keys: PacketKeys, index: number, buffer: Uint8Array, start: number, end: number): void {
    const covered = readU32(buffer, end);
    writeU32(buffer, end, Math.floor(index / 65536));
    this.sign(keys, buffer, start, end + 4);
    writeU32(buffer, end, covered);
  }

  /** Writes the first bytes of the tag just made and returns the end. */
  putTag(buffer: Uint8Array, at: number, length: number): number {
    const tag = this.#tag;
    for (let i = 0; i < length; i++) buffer[at + i] = tag[i]!;
    return at + length;
  }

  /** Compares with the tag just made, in constant time. */
  isTag(buffer: Uint8Array, at: number, length: number): boolean {
    const tag = this.#tag;
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= tag[i]! ^ buffer[at + i]!;
    return difference === 0;
  }
}

/** XORs a 48-bit index onto 6 bytes. */
function xorIndex(out: Uint8Array, at: number, index: number): void {
  const low = index >>> 0;
  const high = (index - low) / 0x1_0000_0000;
  out[at]! ^= high >>> 8;
  out[at + 1]! ^= high & 0xff;
  out[at + 2]! ^= low >>> 24;
  out[at + 3]! ^= (low >>> 16) & 0xff;
  out[at + 4]! ^= (low >>> 8) & 0xff;
  out[at + 5]! ^= low & 0xff;
}
