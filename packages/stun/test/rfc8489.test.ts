import { describe, expect, it } from 'vitest';
import {
  defaultCrypto,
  encodeMessage,
  longTermKey,
  parseMessage,
  userHash,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { hex } from './helpers/hex.ts';
import { LONG_TERM, SAMPLE_SHA256_REQUEST } from './vectors/rfc5769.ts';

describe('RFC 8489 Appendix B.1: long-term authentication with MESSAGE-INTEGRITY-SHA256 and USERHASH', () => {
  const key = longTermKey(LONG_TERM.username, LONG_TERM.realm, LONG_TERM.password, 'SHA-256');
  const mac = defaultCrypto.mac('SHA-256', key);

  it('is read', () => {
    expect(parseMessage(SAMPLE_SHA256_REQUEST).attributes.slice(0, 4)).toEqual([
      { type: 'userhash', hash: userHash(LONG_TERM.username, LONG_TERM.realm) },
      { type: 'nonce', nonce: 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA' },
      { type: 'realm', realm: LONG_TERM.realm },
      { type: 'password-algorithm', algorithm: 2, parameters: new Uint8Array(0) },
    ]);
  });

  it('is verified', () => {
    expect(verifyIntegritySha256(SAMPLE_SHA256_REQUEST, mac)).toBe(true);
    expect(verifyIntegrity(SAMPLE_SHA256_REQUEST, mac)).toBe(false);
  });

  it('is written', () => {
    const message = parseMessage(SAMPLE_SHA256_REQUEST);
    expect(hex(encodeMessage(message, { integritySha256: mac }))).toBe(hex(SAMPLE_SHA256_REQUEST));
  });
});
