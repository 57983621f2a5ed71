import { describe, expect, it } from 'vitest';
import {
  defaultCrypto,
  encodeMessage,
  parseMessage,
  shortTermKey,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { request } from './helpers/message.ts';

const sha1 = defaultCrypto.mac('SHA-1', shortTermKey('password'));
const sha1Other = defaultCrypto.mac('SHA-1', shortTermKey('passworD'));
const sha256 = defaultCrypto.mac('SHA-256', shortTermKey('password'));
const sha256Other = defaultCrypto.mac('SHA-256', shortTermKey('passworD'));
const message = request({ type: 'username', username: 'a:b' });

describe('verifyIntegrity', () => {
  const signed = encodeMessage(message, { integrity: sha1, fingerprint: true });

  it('takes the right key and no other', () => {
    expect(verifyIntegrity(signed, sha1)).toBe(true);
    expect(verifyIntegrity(signed, sha1Other)).toBe(false);
  });

  it('refuses a message without the attribute, and what is no message', () => {
    expect(verifyIntegrity(encodeMessage(message), sha1)).toBe(false);
    expect(verifyIntegrity(new Uint8Array(0), sha1)).toBe(false);
    expect(verifyIntegrity(signed.subarray(0, signed.length - 1), sha1)).toBe(false);
  });

  it('does not see one that stands behind MESSAGE-INTEGRITY-SHA256', () => {
    const mac = new Uint8Array(20);
    const encoded = encodeMessage(
      request({ type: 'message-integrity-sha256', mac: new Uint8Array(32) }, { type: 'message-integrity', mac }),
    );
    // Make that one right: its tag covers everything in front of it.
    sha1.sign(mac, encoded.subarray(0, encoded.length - 24));
    encoded.set(mac, encoded.length - 20);
    expect(verifyIntegrity(encoded, sha1)).toBe(false);
  });

  it('covers all that stands in front of it', () => {
    for (let bit = 0; bit < (signed.length - 8) * 8; bit++) {
      const forged = signed.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyIntegrity(forged, sha1)).toBe(false);
    }
  });
});

describe('verifyIntegritySha256', () => {
  const signed = encodeMessage(message, { integrity: sha1, integritySha256: sha256, fingerprint: true });

  it('takes the right key and no other, also behind MESSAGE-INTEGRITY', () => {
    expect(verifyIntegritySha256(signed, sha256)).toBe(true);
    expect(verifyIntegritySha256(signed, sha256Other)).toBe(false);
    expect(verifyIntegrity(signed, sha1)).toBe(true);
  });

  it('takes no truncated tag when a longer one is asked for', () => {
    const short = encodeMessage(message, { integritySha256: sha256, integritySha256Length: 16 });
    expect(verifyIntegritySha256(short, sha256)).toBe(true);
    expect(verifyIntegritySha256(short, sha256, 32)).toBe(false);
    expect(verifyIntegritySha256(signed, sha256, 32)).toBe(true);
  });

  it('refuses a message without the attribute', () => {
    expect(verifyIntegritySha256(encodeMessage(message), sha256)).toBe(false);
  });

  it('covers the length of the tag itself', () => {
    // The full tag's first 16 bytes with the length changed to 16: not what a sender of 16 bytes would have made.
    const full = encodeMessage(message, { integritySha256: sha256 });
    const cut = parseMessage(full).attributes.map((each) =>
      each.type === 'message-integrity-sha256' ? { ...each, mac: each.mac.subarray(0, 16) } : each,
    );
    expect(verifyIntegritySha256(encodeMessage(request(...cut)), sha256)).toBe(false);
  });
});
