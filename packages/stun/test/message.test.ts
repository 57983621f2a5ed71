import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  attribute,
  decodeMessage,
  encodeMessage,
  parseMessage,
  StunError,
  unknownRequired,
} from '../src/index.ts';
import { bytes } from './helpers/hex.ts';
import { request } from './helpers/message.ts';

const mac = { type: 'message-integrity', mac: new Uint8Array(20) } as const;
const sha256 = { type: 'message-integrity-sha256', mac: new Uint8Array(32) } as const;
const fingerprint = { type: 'fingerprint', crc: 1 } as const;
const software = { type: 'software', software: 'x' } as const;

function typesRead(...attributes: readonly Attribute[]): string[] {
  return parseMessage(encodeMessage(request(...attributes))).attributes.map(({ type }) => type);
}

describe('decodeMessage', () => {
  it('refuses what is no STUN message', () => {
    expect(isMalformed(decodeMessage(new Uint8Array(0)))).toBe(true);
    expect(isMalformed(decodeMessage(bytes('0001 0004 2112a442 b7e7a701bc34d686fa87dfae 00060001')))).toBe(true);
  });

  it('leaves out what stands behind MESSAGE-INTEGRITY, but for further integrity and FINGERPRINT', () => {
    expect(typesRead(mac, software, { type: 'use-candidate' }, fingerprint)).toEqual([
      'message-integrity',
      'fingerprint',
    ]);
    expect(typesRead(mac, sha256, fingerprint)).toEqual([
      'message-integrity',
      'message-integrity-sha256',
      'fingerprint',
    ]);
  });

  it('leaves out what stands behind MESSAGE-INTEGRITY-SHA256, but for FINGERPRINT', () => {
    expect(typesRead(sha256, mac, software, fingerprint)).toEqual(['message-integrity-sha256', 'fingerprint']);
  });

  it('leaves out what stands behind FINGERPRINT', () => {
    expect(typesRead(software, fingerprint, software, mac)).toEqual(['software', 'fingerprint']);
  });

  it('does not look into attributes that it leaves out', () => {
    // A malformed XOR-MAPPED-ADDRESS behind FINGERPRINT.
    const message = decodeMessage(
      bytes('0001 0010 2112a442 b7e7a701bc34d686fa87dfae 8028 0004 00000001 0020 0004 00000000'),
    );
    expect(isMalformed(message)).toBe(false);
  });

  it('keeps repeated and unknown attributes in order', () => {
    const unknown = { type: 'unknown', attributeType: 0x7777, value: bytes('01') } as const;
    expect(typesRead(software, unknown, software)).toEqual(['software', 'unknown', 'software']);
  });

  it('gives views, not copies', () => {
    const encoded = encodeMessage(request({ type: 'data', data: bytes('01020304') }));
    const data = attribute(parseMessage(encoded), 'data')!.data;
    expect(data.buffer).toBe(encoded.buffer);
  });
});

it('parseMessage throws a coded error', () => {
  expect(() => parseMessage(new Uint8Array(3))).toThrow(StunError);
  expect(() => parseMessage(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'STUN_MALFORMED' }));
});

it('attribute gives the first of its kind', () => {
  const message = request({ type: 'software', software: 'a' }, { type: 'software', software: 'b' });
  expect(attribute(message, 'software')?.software).toBe('a');
  expect(attribute(message, 'realm')).toBeUndefined();
});

it('unknownRequired lists each type that must be understood once', () => {
  const value = new Uint8Array(0);
  const message = request(
    { type: 'unknown', attributeType: 0x0031, value },
    { type: 'unknown', attributeType: 0x8031, value },
    { type: 'unknown', attributeType: 0x0031, value },
    { type: 'unknown', attributeType: 0x7fff, value },
  );
  expect(unknownRequired(message)).toEqual([0x0031, 0x7fff]);
});
