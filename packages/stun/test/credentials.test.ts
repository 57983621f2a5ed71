import type { HashName } from '@kaon/interface/crypto/v1';
import { describe, expect, it } from 'vitest';
import {
  defaultCrypto,
  formatNonce,
  longTermKey,
  nonceFeatures,
  opaqueString,
  shortTermKey,
  userHash,
} from '../src/index.ts';
import { hex } from './helpers/hex.ts';

describe('keys', () => {
  it('short-term: the password', () => {
    expect(hex(shortTermKey('abc'))).toBe('616263');
    expect(hex(shortTermKey('\u00e9'))).toBe('c3a9');
  });

  it('long-term by MD5: the example of RFC 8489 §9.2.2', () => {
    expect(hex(longTermKey('user', 'realm', 'pass'))).toBe('8493fbc53ba582fb4c044c456bdc40eb');
  });

  it('long-term by SHA-256', () => {
    const expected = defaultCrypto.hash('SHA-256').update(new TextEncoder().encode('user:realm:pass')).digest();
    expect(hex(longTermKey('user', 'realm', 'pass', 'SHA-256'))).toBe(hex(expected));
  });

  it('come from the crypto provider that is given', () => {
    const asked: string[] = [];
    const crypto = {
      hash(name: HashName) {
        asked.push(name);
        return defaultCrypto.hash(name);
      },
    };
    longTermKey('u', 'r', 'p', 'MD5', crypto);
    userHash('u', 'r', crypto);
    expect(asked).toEqual(['MD5', 'SHA-256']);
  });
});

describe('opaqueString (RFC 8265 §4.2)', () => {
  it('makes every space U+0020 and composes', () => {
    expect(opaqueString('a\u00a0b\u3000c')).toBe('a b c');
    expect(opaqueString('e\u0301')).toBe('\u00e9');
  });

  it('leaves letter case and width alone', () => {
    expect(opaqueString('Stra\u00dfe\uff21')).toBe('Stra\u00dfe\uff21');
  });
});

describe('nonce features (RFC 8489 §9.2, §18.1)', () => {
  it('come back', () => {
    for (const passwordAlgorithms of [false, true]) {
      for (const usernameAnonymity of [false, true]) {
        const features = { passwordAlgorithms, usernameAnonymity };
        expect(nonceFeatures(formatNonce(features, 'rest'))).toEqual(features);
      }
    }
  });

  it('of the nonce in RFC 8656 §20: password algorithms', () => {
    expect(nonceFeatures('obMatJos2gAAAadl7W7PeDU4hKE72jda')).toEqual({
      passwordAlgorithms: true,
      usernameAnonymity: false,
    });
  });

  it('are none without the cookie, or when it is cut or no base64', () => {
    const none = { passwordAlgorithms: false, usernameAnonymity: false };
    for (const nonce of [
      '',
      'f//499k954d6OL34oL9FSTvy64sA',
      'obMatJos2',
      'obMatJos2gAA',
      'obMatJos2g-AA',
      'xobMatJos2gAAA',
    ]) {
      expect(nonceFeatures(nonce)).toEqual(none);
    }
  });
});
