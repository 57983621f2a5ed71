import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type Attribute, decodeMessage, encodeMessage, parseMessage, StunError } from '../src/index.ts';
import { SAMPLES } from './helpers/attributes.ts';
import { bytes, hex } from './helpers/hex.ts';
import { request } from './helpers/message.ts';

/** A message with one raw attribute. */
function raw(attribute: string): Uint8Array {
  const body = bytes(attribute);
  const length = body.length.toString(16).padStart(4, '0');
  return bytes(`0001 ${length} 2112a442 b7e7a701bc34d686fa87dfae ${attribute}`);
}

describe('each attribute', () => {
  it.each(SAMPLES)('$0.type is written and read', (attribute, encoding) => {
    const encoded = encodeMessage(request(attribute));
    expect(hex(encoded.subarray(20))).toBe(encoding.replace(/ /g, ''));
    expect(parseMessage(encoded).attributes).toEqual([attribute]);
  });
});

describe('malformed attributes that must be understood refuse the message', () => {
  it.each([
    ['an address that is cut short', '0020 0004 0001 a147'],
    ['an address of no family', '0020 0008 0003 a147 e112a643'],
    ['an IPv6 address of four bytes', '0020 0008 0002 a147 e112a643'],
    ['an IPv4 address of 16 bytes', '0020 0014 0001 a147 0113a9faa5d3f179bc25f4b5bed2b9d9'],
    ['an empty address', '0001 0000'],
    ['a MAC of 19 bytes', `0008 0013 ${'00'.repeat(20)}`],
    ['a MAC of 21 bytes', `0008 0015 ${'00'.repeat(24)}`],
    ['a SHA-256 MAC of 12 bytes', `001c 000c ${'00'.repeat(12)}`],
    ['a SHA-256 MAC of 18 bytes', `001c 0012 ${'00'.repeat(20)}`],
    ['a SHA-256 MAC of 36 bytes', `001c 0024 ${'00'.repeat(36)}`],
    ['an error code of class 2', '0009 0004 0000 02 00'],
    ['an error code of class 7', '0009 0004 0000 07 00'],
    ['an error number above 99', '0009 0004 0000 04 64'],
    ['an error code of three bytes', '0009 0003 000004 00'],
    ['half an unknown attribute type', '000a 0003 000102 00'],
    ['a priority of two bytes', '0024 0002 0001 0000'],
    ['a priority of eight bytes', '0024 0008 0000000000000001'],
    ['a USE-CANDIDATE with a value', '0025 0004 00000000'],
    ['a user name of 509 bytes', `0006 01fd ${'61'.repeat(512)}`],
    ['a realm of 764 bytes', `0014 02fc ${'61'.repeat(764)}`],
    ['a user hash of 31 bytes', `001e 001f ${'00'.repeat(32)}`],
    ['a reservation token of 4 bytes', '0022 0004 00000000'],
    ['a requested family that does not exist', '0017 0004 03000000'],
    ['a token whose nonce is longer than it', '001b 0004 0005 0102'],
    ['a password algorithm whose parameters are longer than it', '001d 0004 0002 0001'],
    ['a value longer than the message', '0006 0005 61626364'],
  ])('%s', (_, attribute) => expect(isMalformed(decodeMessage(raw(attribute)))).toBe(true));
});

describe('malformed attributes that need not be understood are kept as unknown ones', () => {
  it.each([
    ['ALTERNATE-SERVER', '8023 0004 0001 8055'],
    ['FINGERPRINT', '8028 0002 0001 0000'],
    ['ICE-CONTROLLING', '802a 0004 00000001'],
    ['PASSWORD-ALGORITHMS', '8002 0004 0001 0009'],
  ])('%s', (_, attribute) => {
    const message = parseMessage(raw(attribute));
    expect(message.attributes).toMatchObject([{ type: 'unknown' }]);
    expect(hex(encodeMessage(message))).toBe(hex(raw(attribute)));
  });
});

describe('what peers write differently', () => {
  it('a RESPONSE-PORT whose length leaves the padding out', () => {
    expect(parseMessage(raw('0027 0002 0fa0 0000')).attributes).toEqual([{ type: 'response-port', port: 4000 }]);
  });

  it('a PASSWORD-ALGORITHM whose length counts the padding', () => {
    const { attributes } = parseMessage(raw('001d 0008 0009 0001 ff000000'));
    expect(attributes).toEqual([{ type: 'password-algorithm', algorithm: 9, parameters: bytes('ff') }]);
  });

  it('a NOMINATION under the number that Pion gives it', () => {
    expect(parseMessage(raw('0030 0004 00000007')).attributes).toEqual([{ type: 'nomination', nomination: 7 }]);
  });

  it('padding that is not zero', () => {
    expect(parseMessage(raw('0006 0001 61 ffffff')).attributes).toEqual([{ type: 'username', username: 'a' }]);
  });
});

describe('fields that do not fit are refused when writing', () => {
  it.each<Attribute>([
    { type: 'xor-mapped-address', address: { address: 'example.org', family: 'IPv4', port: 1 } },
    { type: 'xor-mapped-address', address: { address: '192.0.2.1', family: 'IPv4', port: 65536 } },
    { type: 'username', username: 'a'.repeat(509) },
    { type: 'software', software: '\u00e9'.repeat(382) },
    { type: 'priority', priority: -1 },
    { type: 'priority', priority: 2 ** 32 },
    { type: 'priority', priority: 1.5 },
    { type: 'ice-controlling', tieBreaker: 2n ** 64n },
    { type: 'error-code', code: 299, reason: '' },
    { type: 'error-code', code: 700, reason: '' },
    { type: 'message-integrity', mac: new Uint8Array(19) },
    { type: 'message-integrity-sha256', mac: new Uint8Array(12) },
    { type: 'userhash', hash: new Uint8Array(31) },
    { type: 'reservation-token', token: new Uint8Array(9) },
    { type: 'icmp', icmpType: 128, icmpCode: 0, errorData: 0 },
    { type: 'icmp', icmpType: 0, icmpCode: 512, errorData: 0 },
    { type: 'unknown', attributeType: 0x10000, value: new Uint8Array(0) },
    { type: 'data', data: new Uint8Array(65536) },
  ])('%o', (attribute) => {
    const encode = () => encodeMessage(request(attribute));
    expect(encode).toThrow(StunError);
    expect(encode).toThrow(expect.objectContaining({ code: 'STUN_INVALID_MESSAGE' }));
  });
});
