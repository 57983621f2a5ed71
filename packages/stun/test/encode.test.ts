import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  defaultCrypto,
  encodeMessage,
  METHOD,
  parseMessage,
  StunError,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
  writeMessage,
} from '../src/index.ts';
import { TRANSACTION_ID } from './helpers/attributes.ts';
import { hex } from './helpers/hex.ts';
import { request } from './helpers/message.ts';

const sha1 = defaultCrypto.mac('SHA-1', new Uint8Array(16));
const sha256 = defaultCrypto.mac('SHA-256', new Uint8Array(16));
const types = (encoded: Uint8Array): string[] => parseMessage(encoded).attributes.map(({ type }) => type);

describe('encodeMessage', () => {
  it('appends what the options ask for, in the order of the RFC', () => {
    const encoded = encodeMessage(request({ type: 'use-candidate' }), {
      fingerprint: true,
      integrity: sha1,
      integritySha256: sha256,
    });
    expect(types(encoded)).toEqual(['use-candidate', 'message-integrity', 'message-integrity-sha256', 'fingerprint']);
    expect(verifyIntegrity(encoded, sha1)).toBe(true);
    expect(verifyIntegritySha256(encoded, sha256)).toBe(true);
    expect(verifyFingerprint(encoded)).toBe(true);
  });

  it.each([16, 20, 24, 28, 32])('truncates the HMAC-SHA256 to %i bytes', (integritySha256Length) => {
    const encoded = encodeMessage(request(), { integritySha256: sha256, integritySha256Length });
    expect(encoded.length).toBe(24 + integritySha256Length);
    expect(verifyIntegritySha256(encoded, sha256)).toBe(true);
  });

  it('writes integrity and FINGERPRINT of the message as they stand when no option asks for any', () => {
    const encoded = encodeMessage(request({ type: 'use-candidate' }), { integrity: sha1, fingerprint: true });
    expect(hex(encodeMessage(parseMessage(encoded)))).toBe(hex(encoded));
  });

  it('leaves them out when an option does', () => {
    const signed = parseMessage(
      encodeMessage(request({ type: 'use-candidate' }), { integrity: sha1, fingerprint: true }),
    );
    expect(types(encodeMessage(signed, { fingerprint: true }))).toEqual(['use-candidate', 'fingerprint']);
  });

  it.each([
    ['a transaction id of 11 bytes', { ...request(), transactionId: TRANSACTION_ID.subarray(1) }],
    ['a method above 0xff', { ...request(), method: 0x100 }],
    ['a negative method', { ...request(), method: -1 }],
    [
      'more than 65535 bytes of attributes',
      request(...Array.from({ length: 9 }, () => ({ type: 'data', data: new Uint8Array(8000) }) as const)),
    ],
  ])('refuses %s', (_, message) => {
    expect(() => encodeMessage(message)).toThrow(StunError);
    expect(() => encodeMessage(message)).toThrow(expect.objectContaining({ code: 'STUN_INVALID_MESSAGE' }));
  });

  it('refuses a length of the HMAC-SHA256 that the RFC does not have', () => {
    for (const integritySha256Length of [12, 18, 36]) {
      expect(() => encodeMessage(request(), { integritySha256: sha256, integritySha256Length })).toThrow(
        expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
      );
    }
  });
});

describe('writeMessage', () => {
  const message = {
    class: 'indication',
    method: METHOD.Binding,
    transactionId: TRANSACTION_ID,
    attributes: [],
  } as const;

  it('writes at the start of the slot', () => {
    const slot = new Slot(20, 13);
    expect(writeMessage(slot, message)).toBe(true);
    expect(slot.start).toBe(13);
    expect(hex(slot.bytes)).toBe(hex(encodeMessage(message)));
  });

  it('says so when the message does not fit, and leaves the slot alone', () => {
    const slot = new Slot(27);
    expect(writeMessage(slot, message, { fingerprint: true })).toBe(false);
    expect(slot.bytes.length).toBe(0);
  });
});
