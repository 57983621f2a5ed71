import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeAbort, encodeAbort } from '../../src/chunks/abort.ts';
import { encodeChunk, padded } from '../../src/chunks/chunk.ts';
import { encodeCookieAck, encodeCookieEcho } from '../../src/chunks/cookie.ts';
import { writeDataHeader } from '../../src/chunks/data.ts';
import { decodeError, encodeError } from '../../src/chunks/error.ts';
import { CAUSE, decodeCauses, encodeCauses, textCause, unrecognizedParameters } from '../../src/chunks/error-cause.ts';
import { decodeForwardTsn, encodeForwardTsn } from '../../src/chunks/forward-tsn.ts';
import { decodeHeartbeat, encodeHeartbeat } from '../../src/chunks/heartbeat.ts';
import { writeIDataHeader } from '../../src/chunks/i-data.ts';
import { decodeInit, encodeInit } from '../../src/chunks/init.ts';
import { PARAMETER, parameterValue } from '../../src/chunks/parameter.ts';
import { decodeReConfig, encodeReConfig } from '../../src/chunks/re-config.ts';
import { isSackSound } from '../../src/chunks/sack.ts';
import {
  decodeShutdown,
  encodeShutdown,
  encodeShutdownAck,
  encodeShutdownComplete,
} from '../../src/chunks/shutdown.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const VECTORS: { name: string; bytes: Uint8Array; decode: (bytes: Uint8Array) => unknown; encode: () => Uint8Array }[] =
  [
    {
      name: 'INIT',
      bytes: unhex('01 00 00 1e 11223344 00100000 ffff 0010 a0b0c0d0 c0000004 80080006 82c0 0000'),
      decode: decodeInit,
      encode: () =>
        encodeInit({
          type: 'init',
          initiateTag: 0x11223344,
          receiverWindow: 1 << 20,
          outboundStreams: 65535,
          inboundStreams: 16,
          initialTsn: 0xa0b0c0d0,
          parameters: [
            { type: PARAMETER.ForwardTsnSupported, value: new Uint8Array(0) },
            { type: PARAMETER.SupportedExtensions, value: Uint8Array.of(0x82, 0xc0) },
          ],
        }),
    },
    {
      name: 'ABORT',
      bytes: unhex('06 01 00 0f 000c 000b 5365652079 6f75 00'),
      decode: decodeAbort,
      encode: () => encodeAbort({ reflected: true, causes: [textCause(CAUSE.UserInitiatedAbort, 'See you')] }),
    },
    {
      name: 'ERROR',
      bytes: unhex('09 00 00 14 0001 0008 0007 0000 0003 0008 0000 0064'),
      decode: decodeError,
      encode: () =>
        encodeError([
          { code: CAUSE.InvalidStream, value: unhex('00070000') },
          { code: CAUSE.StaleCookie, value: unhex('00000064') },
        ]),
    },
    {
      name: 'SHUTDOWN',
      bytes: unhex('07 00 00 08 01020304'),
      decode: decodeShutdown,
      encode: () => encodeShutdown(0x01020304),
    },
    {
      name: 'HEARTBEAT',
      bytes: unhex('04 00 00 0b 0001 0007 aabbcc 00'),
      decode: decodeHeartbeat,
      encode: () => encodeHeartbeat('heartbeat', unhex('aabbcc')),
    },
    {
      name: 'RE-CONFIG with two parameters',
      bytes: unhex('82 00 00 24 000d 0012 00000001 00000002 00000003 0005 0000 0010 000c 00000009 00000001'),
      decode: decodeReConfig,
      encode: () =>
        encodeReConfig([
          { type: 'outgoing-reset', request: 1, response: 2, lastTsn: 3, streams: [5] },
          { type: 'response', response: 9, result: 1 },
        ]),
    },
    {
      name: 'FORWARD TSN',
      bytes: unhex('c0 00 00 10 00000007 0001 0002 ffff fffe'),
      decode: decodeForwardTsn,
      encode: () =>
        encodeForwardTsn({
          type: 'forward-tsn',
          newCumulativeTsn: 7,
          skipped: [
            { stream: 1, unordered: false, number: 2 },
            { stream: 65535, unordered: false, number: 65534 },
          ],
        }),
    },
    {
      name: 'I-FORWARD-TSN',
      bytes: unhex('c2 00 00 18 00000007 0001 0001 00000002 0003 0000 80000000'),
      decode: decodeForwardTsn,
      encode: () =>
        encodeForwardTsn({
          type: 'i-forward-tsn',
          newCumulativeTsn: 7,
          skipped: [
            { stream: 1, unordered: true, number: 2 },
            { stream: 3, unordered: false, number: 0x80000000 },
          ],
        }),
    },
  ];

describe.each(VECTORS)('$name', ({ bytes, decode, encode }) => {
  it('is written byte by byte as its RFC draws it', () => {
    expect(hex(encode())).toBe(hex(bytes));
  });

  it('is decoded; any prefix and any flipped bit is decoded or refused, never thrown at', () => {
    const length = (bytes[2]! << 8) | bytes[3]!;
    expect(isMalformed(decode(bytes.subarray(0, length)))).toBe(false);
    for (let end = 0; end < bytes.length; end++) expect(() => decode(bytes.subarray(0, end))).not.toThrow();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decode(damaged.subarray(0, length))).not.toThrow();
    }
    // Another type is another chunk.
    const other = bytes.slice();
    other[0] = 0x3f;
    if (decode !== decodeHeartbeat) expect(isMalformed(decode(other))).toBe(true);
  });

  it('is refused when cut off in its fixed part', () => {
    expect(isMalformed(decode(bytes.subarray(0, 3)))).toBe(true);
  });
});

describe('chunks', () => {
  it('are padded to four bytes, which their length does not count', () => {
    expect([0, 1, 3, 4, 5].map(padded)).toEqual([0, 4, 4, 4, 8]);
    expect(hex(encodeChunk(9, 1, unhex('aabbccddee')))).toBe('09010009aabbccddee000000');
    expect(hex(encodeCookieEcho(unhex('0102')))).toBe('0a00000601020000');
    expect(hex(encodeCookieAck())).toBe('0b000004');
    expect(hex(encodeShutdownAck())).toBe('08000004');
    expect(hex(encodeShutdownComplete(true))).toBe('0e010004');
  });

  it('DATA and I-DATA headers are laid out as in RFC 9260 §3.3.1 and RFC 8260 §2.1', () => {
    const bytes = new Uint8Array(20);
    writeDataHeader(bytes, 0, 3, 5, 0x01020304, 0x0a0b, 0x0c0d, 51);
    expect(hex(bytes)).toBe('00030015010203040a0b0c0d0000003300000000');
    writeIDataHeader(bytes, 0, 2, 5, 0x01020304, 0x0a0b, 0x11223344, 51);
    expect(hex(bytes)).toBe('40020019010203040a0b00001122334400000033');
  });

  it('a SACK is sound when its counts fit its length', () => {
    const sack = unhex('03 00 00 18 00000001 00010000 0001 0001 0002 0003 00000001');
    expect(isSackSound(sack, 0, 24)).toBe(true);
    expect(isSackSound(sack, 0, 20)).toBe(false);
    expect(isSackSound(sack, 0, 12)).toBe(false);
    sack[13] = 200;
    expect(isSackSound(sack, 0, 24)).toBe(false);
  });
});

describe('causes and parameters', () => {
  it('survive a round trip, unknown ones too', () => {
    const causes = [textCause(CAUSE.ProtocolViolation, 'no'), { code: 4711, value: unhex('0102030405') }];
    expect(decodeCauses(encodeCauses(causes))).toEqual(causes);
    expect(hex(unrecognizedParameters([{ type: 0xc123, value: unhex('01') }]).value)).toBe('c123000501');
    expect(parameterValue([{ type: 1, value: unhex('aa') }], 2)).toBeUndefined();
  });

  it('with a length below four are refused', () => {
    expect(isMalformed(decodeCauses(unhex('00010003')))).toBe(true);
    expect(isMalformed(decodeCauses(unhex('00010009aabb')))).toBe(true);
  });

  it('every kind of RE-CONFIG parameter survives a round trip', () => {
    const parameters = [
      { type: 'incoming-reset', request: 5, streams: [1, 2, 3] },
      { type: 'tsn-reset', request: 6 },
      { type: 'add-outgoing', request: 7, count: 10 },
      { type: 'add-incoming', request: 8, count: 11 },
      { type: 'unknown', parameterType: 0x7777, value: unhex('010203') },
      { type: 'outgoing-reset', request: 1, response: 2, lastTsn: 3, streams: [] },
    ] as const;
    const chunk = encodeReConfig(parameters);
    const length = (chunk[2]! << 8) | chunk[3]!;
    expect(decodeReConfig(chunk.subarray(0, length))).toEqual(parameters);
  });
});
