import { describe, expect, it } from 'vitest';
import { crc32c, packetChecksum, verifyChecksum, writeChecksum } from '../../src/packet/crc32c.ts';
import { writeHeader } from '../../src/packet/header.ts';
import { sipHash } from '../../src/packet/siphash.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('CRC-32C', () => {
  it('has the check value of the catalogue and those of RFC 3720 B.4', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  it('agrees with the definition, bit by bit, for every length', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
      let crc = 0xffffffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
      expect(crc32c(bytes)).toBe(~crc >>> 0);
    }
  });

  it('of a packet takes the checksum field as zero, wherever the packet lies', () => {
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => i);
    writeChecksum(bytes, 10, 50);
    expect(verifyChecksum(bytes.slice(10, 50))).toBe(true);
    const zeroed = bytes.slice(10, 50).fill(0, 8, 12);
    expect(packetChecksum(zeroed, 0, 40)).toBe(crc32c(zeroed));
    for (let at = 10; at < 50; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      expect(verifyChecksum(damaged.subarray(10, 50))).toBe(false);
    }
  });
});

describe('the common header', () => {
  it('is laid out as in RFC 9260 §3.1', () => {
    const bytes = new Uint8Array(14).fill(9);
    writeHeader(bytes, 1, 0x1388, 0x0102, 0xdeadbeef);
    expect([...bytes]).toEqual([9, 0x13, 0x88, 1, 2, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, 9]);
  });
});

describe('SipHash-2-4', () => {
  it('has the values of the reference implementation', () => {
    const key = Uint8Array.from({ length: 16 }, (_, i) => i);
    const message = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
    // vectors_sip64 of github.com/veorq/SipHash; the 15-byte one is in the paper's appendix A too.
    expect(Buffer.from(sipHash(key, message(0))).toString('hex')).toBe('310e0edd47db6f72');
    expect(Buffer.from(sipHash(key, message(1))).toString('hex')).toBe('fd67dc93c539f874');
    expect(Buffer.from(sipHash(key, message(8))).toString('hex')).toBe('6224939a79f5f593');
    expect(Buffer.from(sipHash(key, message(15))).toString('hex')).toBe('e545be4961ca29a1');
  });
});
