import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  decodeRtp,
  encodeRtp,
  isRtcp,
  parseRtp,
  RtpError,
  RtpPacket,
  rtpLength,
  writeRtpHeader,
} from '../src/index.ts';
import { hex, toHex } from './helpers/hex.ts';
import * as vectors from './vectors/rtp-packets.ts';

const HEADER = { payloadType: 100, sequenceNumber: 0x1234, timestamp: 0x65431278, ssrc: 0x12345678 };
const NONE = new Uint8Array(0);
const OFFSET = { id: 1, data: hex('0056ce') };
const LEVEL = { id: 9, data: hex('da') };
const DELAY = { id: 0xf0, data: hex('003022') };

describe('reading', () => {
  it('reads every field of a packet that has all of them', () => {
    const packet = parseRtp(vectors.FULL);
    expect(packet).toMatchObject({
      ...HEADER,
      version: 2,
      padding: true,
      hasExtension: true,
      csrcCount: 2,
      marker: false,
      headerLength: 28,
      payloadOffset: 28,
      payloadEnd: 35,
      paddingLength: 8,
      extensionProfile: 0xbede,
      extensionForm: 'one-byte',
    });
    expect([packet.csrc(0), packet.csrc(1), packet.csrc(2), packet.csrc(-1)]).toEqual([
      0x34567890,
      0x32435465,
      undefined,
      undefined,
    ]);
    expect(toHex(packet.payload)).toBe('7061796c6f6164');
    expect(packet.extensions()).toEqual([OFFSET]);
    expect(toHex(packet.extensionData!)).toBe('120056ce');
  });

  it('reads a packet of nothing but the fixed header', () => {
    const packet = parseRtp(vectors.MINIMUM);
    expect(packet.payload).toHaveLength(0);
    expect(packet.extensionProfile).toBeUndefined();
    expect(packet.extensionData).toBeUndefined();
    expect(packet.extensionForm).toBeUndefined();
    expect(packet.extensions()).toEqual([]);
    expect([packet.extensionOffset(1), packet.extensionLength(1), packet.extension(1)]).toEqual([-1, -1, undefined]);
  });

  it('refuses another version', () => {
    for (const first of [0x00, 0x40, 0xc0]) {
      const bytes = vectors.MINIMUM.slice();
      bytes[0] = first;
      expect(isMalformed(decodeRtp(bytes))).toBe(true);
    }
  });

  it('throws for its own caller only', () => {
    expect(() => parseRtp(NONE)).toThrow(RtpError);
    expect(() => new RtpPacket(NONE)).toThrow(expect.objectContaining({ code: 'RTP_MALFORMED', name: 'RtpError' }));
  });

  it('is used again, and stays what it was when the new bytes are no packet', () => {
    const packet = new RtpPacket();
    expect(packet.reset(vectors.FULL)).toBe(true);
    expect(packet.reset(vectors.FULL.subarray(0, 20))).toBe(false);
    expect(packet.bytes).toBe(vectors.FULL);
    expect(packet.payloadEnd).toBe(35);
    expect(packet.reset(vectors.MINIMUM)).toBe(true);
    expect([packet.csrcCount, packet.payloadOffset, packet.extensionProfile]).toEqual([0, 12, undefined]);
  });

  it('is empty before it is given bytes', () => {
    const packet = new RtpPacket();
    expect(packet).toMatchObject({ version: 0, payloadType: 0, ssrc: 0, payloadOffset: 0, payloadEnd: 0 });
    expect(packet.bytes).toHaveLength(0);
  });

  it('tells RTCP from RTP by the second byte', () => {
    expect([191, 192, 200, 223, 224].map((type) => isRtcp(Uint8Array.of(0x80, type)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(isRtcp(Uint8Array.of(0, 0, 0x80, 205), 2)).toBe(true);
    expect(isRtcp(NONE)).toBe(false);
  });
});

describe('changing in place', () => {
  it('writes the fields of the fixed header and leaves their neighbours alone', () => {
    const packet = parseRtp(vectors.FULL.slice());
    packet.marker = true;
    packet.payloadType = 127;
    packet.sequenceNumber = 0xffff;
    packet.timestamp = 0xffff_fffe;
    packet.ssrc = 0x8000_0001;
    expect(packet).toMatchObject({
      marker: true,
      payloadType: 127,
      sequenceNumber: 0xffff,
      timestamp: 0xffff_fffe,
      ssrc: 0x8000_0001,
    });
    expect(toHex(packet.bytes.subarray(0, 12))).toBe('b2fffffffffffffe80000001');
    packet.marker = false;
    expect([packet.marker, packet.payloadType]).toEqual([false, 127]);
  });

  it('refuses what does not fit', () => {
    const packet = parseRtp(vectors.FULL.slice());
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FIELD' });
    expect(() => (packet.payloadType = 128)).toThrow(wrong);
    expect(() => (packet.sequenceNumber = -1)).toThrow(wrong);
    expect(() => (packet.timestamp = 2 ** 32)).toThrow(wrong);
    expect(() => (packet.ssrc = 0.5)).toThrow(wrong);
    expect(toHex(packet.bytes)).toBe(toHex(vectors.FULL));
  });
});

describe('writing', () => {
  it('makes the packets of the vectors', () => {
    const make = (extensions: { id: number; data: Uint8Array }[]): string =>
      toHex(encodeRtp({ ...HEADER, extensions, payload: NONE }));
    expect(make([])).toBe(toHex(vectors.MINIMUM));
    expect(make([OFFSET])).toBe(toHex(vectors.WITH_OFFSET));
    expect(make([OFFSET, LEVEL])).toBe(toHex(vectors.WITH_OFFSET_AND_LEVEL));
    expect(make([OFFSET, LEVEL, DELAY])).toBe(toHex(vectors.TWO_BYTE_LAST));
    expect(make([DELAY, OFFSET, LEVEL])).toBe(toHex(vectors.TWO_BYTE_FIRST));
  });

  it('writes CSRCs, payload and padding', () => {
    const bytes = encodeRtp({
      ...HEADER,
      csrcs: [0x34567890, 0x32435465],
      extensions: [OFFSET],
      payload: hex('7061796c6f6164'),
      paddingLength: 8,
    });
    const expected = vectors.FULL.slice();
    expected.fill(0, 35, 42);
    expect(toHex(bytes)).toBe(toHex(expected));
  });

  it('writes the marker and the padding bit of a header alone', () => {
    const buffer = new Uint8Array(20);
    expect(writeRtpHeader(buffer, 4, { ...HEADER, marker: true, padding: true })).toBe(16);
    expect(toHex(buffer.subarray(4, 6))).toBe('a0e4');
    expect(rtpLength(HEADER, 100)).toBe(112);
    expect(rtpLength({ ...HEADER, csrcs: [1], extensions: [OFFSET] }, 100, 4)).toBe(128);
  });

  it('writes blocks of other profiles, which stay readable', () => {
    const extensionBlock = { profile: 0xabcd, data: hex('0102030405060708') };
    const packet = parseRtp(encodeRtp({ ...HEADER, extensionBlock, payload: hex('ff') }));
    expect(packet.extensionProfile).toBe(0xabcd);
    expect(packet.extensionForm).toBeUndefined();
    expect(toHex(packet.extensionData!)).toBe('0102030405060708');
    expect([packet.extensionOffset(1), packet.extensions()]).toEqual([-1, []]);
    expect(toHex(packet.payload)).toBe('ff');
  });

  it('cleans what the buffer held before', () => {
    const buffer = new Uint8Array(64).fill(0xff);
    const end = writeRtpHeader(buffer, 0, { ...HEADER, extensions: [OFFSET, LEVEL] });
    expect(toHex(buffer.subarray(0, end))).toBe(toHex(vectors.WITH_OFFSET_AND_LEVEL));
  });

  it('allowMixed: false refuses elements that need the two-byte form', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_EXTENSION' });
    const long = { id: 2, data: new Uint8Array(17) };
    const empty = { id: 2, data: NONE };
    for (const element of [DELAY, long, empty]) {
      expect(() => encodeRtp({ ...HEADER, extensions: [element], allowMixed: false, payload: NONE })).toThrow(wrong);
      expect(parseRtp(encodeRtp({ ...HEADER, extensions: [element], payload: NONE })).extensionForm).toBe('two-byte');
    }
    const fits = encodeRtp({ ...HEADER, extensions: [OFFSET], allowMixed: false, payload: NONE });
    expect(toHex(fits)).toBe(toHex(vectors.WITH_OFFSET));
  });

  it('refuses what does not fit', () => {
    const wrong = (code: string) => expect.objectContaining({ code });
    const make = (change: object) => () => encodeRtp({ ...HEADER, payload: NONE, ...change });
    expect(make({ payloadType: 128 })).toThrow(wrong('RTP_BAD_FIELD'));
    expect(make({ csrcs: new Array(16).fill(1) })).toThrow(wrong('RTP_BAD_FIELD'));
    expect(make({ csrcs: [-1] })).toThrow(wrong('RTP_BAD_FIELD'));
    expect(make({ paddingLength: 256 })).toThrow(wrong('RTP_BAD_FIELD'));
    expect(make({ extensions: [{ id: 0, data: NONE }] })).toThrow(wrong('RTP_BAD_EXTENSION'));
    expect(make({ extensions: [{ id: 256, data: NONE }] })).toThrow(wrong('RTP_BAD_EXTENSION'));
    expect(make({ extensions: [{ id: 1, data: new Uint8Array(256) }] })).toThrow(wrong('RTP_BAD_EXTENSION'));
    expect(make({ extensionBlock: { profile: 1, data: new Uint8Array(3) } })).toThrow(wrong('RTP_BAD_EXTENSION'));
    expect(() => writeRtpHeader(new Uint8Array(11), 0, HEADER)).toThrow(RangeError);
  });
});
