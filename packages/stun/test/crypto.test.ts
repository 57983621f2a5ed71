import { describe, expect, it } from 'vitest';
import { defaultCrypto } from '../src/index.ts';
import { hex } from './helpers/hex.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('defaultCrypto', () => {
  it('HMAC-SHA1: RFC 2202 §3, case 2, over parts', () => {
    const mac = defaultCrypto.mac('SHA-1', ascii('Jefe'));
    const out = new Uint8Array(24).fill(0xee);
    mac.sign(out, ascii('what do ya want '), ascii('for nothing?'));
    expect(mac.length).toBe(20);
    expect(hex(out)).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79eeeeeeee');
  });

  it('HMAC-SHA256: RFC 4231 §4.3, more than once with one key', () => {
    const mac = defaultCrypto.mac('SHA-256', ascii('Jefe'));
    for (let i = 0; i < 2; i++) {
      const out = new Uint8Array(32);
      mac.sign(out, ascii('what do ya want for nothing?'));
      expect(hex(out)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
    }
  });

  it('MD5 of RFC 1321 A.5, and a hash goes on after a digest', () => {
    const running = defaultCrypto.hash('MD5');
    expect(running.length).toBe(16);
    expect(hex(running.digest())).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(hex(running.update(ascii('ab')).update(ascii('c')).digest())).toBe('900150983cd24fb0d6963f7d28e17f72');
  });

  it('has every hash of the seam', () => {
    for (const [name, length] of [
      ['SHA-224', 28],
      ['SHA-384', 48],
      ['SHA-512', 64],
    ] as const) {
      expect(defaultCrypto.hash(name).digest().length).toBe(length);
    }
  });
});
