import { describe, expect, it } from 'vitest';
import {
  defaultCrypto,
  encodeMessage,
  longTermKey,
  METHOD,
  parseMessage,
  shortTermKey,
  verifyFingerprint,
  verifyIntegrity,
} from '../src/index.ts';
import { bytes, hex } from './helpers/hex.ts';
import {
  LONG_TERM,
  PASSWORD,
  SAMPLE_IPV4_RESPONSE,
  SAMPLE_IPV6_RESPONSE,
  SAMPLE_LONG_TERM_REQUEST,
  SAMPLE_REQUEST,
  USERNAME,
} from './vectors/rfc5769.ts';

const mac = defaultCrypto.mac('SHA-1', shortTermKey(PASSWORD));

describe('RFC 5769', () => {
  it('§2.1 sample request', () => {
    const message = parseMessage(SAMPLE_REQUEST);
    expect(message.class).toBe('request');
    expect(message.method).toBe(METHOD.Binding);
    expect(hex(message.transactionId)).toBe('b7e7a701bc34d686fa87dfae');
    expect(message.attributes).toEqual([
      { type: 'software', software: 'STUN test client' },
      { type: 'priority', priority: 0x6e0001ff },
      { type: 'ice-controlled', tieBreaker: 0x932ff9b151263b36n },
      { type: 'username', username: USERNAME },
      { type: 'message-integrity', mac: bytes('9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2') },
      { type: 'fingerprint', crc: 0xe57a3bcf },
    ]);
    expect(verifyIntegrity(SAMPLE_REQUEST, mac)).toBe(true);
    expect(verifyFingerprint(SAMPLE_REQUEST)).toBe(true);
  });

  it('§2.2 sample IPv4 response', () => {
    const message = parseMessage(SAMPLE_IPV4_RESPONSE);
    expect(message.class).toBe('success');
    expect(message.attributes.slice(0, 2)).toEqual([
      { type: 'software', software: 'test vector' },
      { type: 'xor-mapped-address', address: { address: '192.0.2.1', family: 'IPv4', port: 32853 } },
    ]);
    expect(verifyIntegrity(SAMPLE_IPV4_RESPONSE, mac)).toBe(true);
    expect(verifyFingerprint(SAMPLE_IPV4_RESPONSE)).toBe(true);
  });

  it('§2.3 sample IPv6 response', () => {
    expect(parseMessage(SAMPLE_IPV6_RESPONSE).attributes[1]).toEqual({
      type: 'xor-mapped-address',
      address: { address: '2001:db8:1234:5678:11:2233:4455:6677', family: 'IPv6', port: 32853 },
    });
    expect(verifyIntegrity(SAMPLE_IPV6_RESPONSE, mac)).toBe(true);
    expect(verifyFingerprint(SAMPLE_IPV6_RESPONSE)).toBe(true);
  });

  it('§2.4 sample request with long-term authentication', () => {
    // SASLprep made "TheMatrIX" of the password; RFC 8265, which took its place, forbids what the sample starts from.
    const key = longTermKey(LONG_TERM.username, LONG_TERM.realm, LONG_TERM.password);
    const longTerm = defaultCrypto.mac('SHA-1', key);
    expect(verifyIntegrity(SAMPLE_LONG_TERM_REQUEST, longTerm)).toBe(true);
    expect(verifyFingerprint(SAMPLE_LONG_TERM_REQUEST)).toBe(false);
    const message = parseMessage(SAMPLE_LONG_TERM_REQUEST);
    expect(message.attributes.slice(0, 3)).toEqual([
      { type: 'username', username: LONG_TERM.username },
      { type: 'nonce', nonce: 'f//499k954d6OL34oL9FSTvy64sA' },
      { type: 'realm', realm: LONG_TERM.realm },
    ]);
    // The one sample padded with zeros: what we write is the same to the bit.
    expect(hex(encodeMessage(message, { integrity: longTerm }))).toBe(hex(SAMPLE_LONG_TERM_REQUEST));
  });
});
