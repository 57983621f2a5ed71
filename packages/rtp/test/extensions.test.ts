import { isMalformed, MALFORMED } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import * as rtp from '../src/index.ts';
import { hex, toHex } from './helpers/hex.ts';
import * as vectors from './vectors/rtp-packets.ts';

const wrong = expect.objectContaining({ code: 'RTP_BAD_EXTENSION' });

/** What `write` wrote: the bytes that it says, at an offset that is not 0. */
function written(write: (buffer: Uint8Array, offset: number) => number): string {
  const buffer = new Uint8Array(300);
  const length = write(buffer, 3);
  expect(buffer.subarray(0, 3)).toEqual(new Uint8Array(3));
  expect(buffer.subarray(3 + length).every((byte) => byte === 0)).toBe(true);
  return toHex(buffer.subarray(3, 3 + length));
}

/** Reads an element of a packet of the vectors. */
function element<T>(bytes: Uint8Array, id: number, read: (bytes: Uint8Array, offset: number, length: number) => T): T {
  const packet = rtp.parseRtp(bytes);
  return read(packet.bytes, packet.extensionOffset(id), packet.extensionLength(id));
}

describe('the vectors of libwebrtc', () => {
  it('are read', () => {
    expect(element(vectors.WITH_OFFSET, 1, rtp.readTransmissionOffset)).toBe(0x56ce);
    expect(element(vectors.WITH_OFFSET_AND_LEVEL, 9, rtp.readAudioLevel)).toBe(0x5a);
    expect(element(vectors.WITH_OFFSET_AND_LEVEL, 9, rtp.readVoiceActivity)).toBe(true);
    expect(element(vectors.TWO_BYTE_FIRST, 0xf0, rtp.readPlayoutDelay)).toEqual({ min: 30, max: 340 });
    expect(element(vectors.WITH_RID, 10, rtp.readRid)).toBe('streamid');
    expect(element(vectors.WITH_RID, 10, rtp.readRepairedRid)).toBe('streamid');
    expect(element(vectors.WITH_MID, 11, rtp.readMid)).toBe('mid');
    expect(element(vectors.LEGACY_TIMING, 12, rtp.readVideoTiming)).toEqual({
      triggeredByTimer: false,
      triggeredBySize: false,
      encodeStart: 1,
      encodeFinish: 2,
      packetizationFinish: 3,
      pacerExit: 4,
      network: 0,
      network2: 0,
    });
  });

  it('with an element of the wrong length answer nothing', () => {
    expect(element(vectors.LONG_OFFSET, 1, rtp.readTransmissionOffset)).toBeUndefined();
  });
});

describe('an element that is not there (-1, -1)', () => {
  it('is no value of any extension', () => {
    const nothing = [hex('00112233445566778899'), -1, -1] as const;
    for (const read of [
      rtp.readMid,
      rtp.readRid,
      rtp.readRepairedRid,
      rtp.readAbsCaptureTime,
      rtp.readMixerAudioLevels,
      rtp.readVideoOrientation,
      rtp.readPlayoutDelay,
      rtp.readVideoTiming,
      rtp.readColorSpace,
      rtp.readVideoLayersAllocation,
      rtp.readCorruptionDetection,
      rtp.readFeedbackRequest,
      rtp.readMandatoryFields,
    ])
      expect(isMalformed(read(...nothing)), read.name).toBe(true);
    for (const read of [
      rtp.readTransportSequenceNumber,
      rtp.readAbsSendTime,
      rtp.readAudioLevel,
      rtp.readVideoContentType,
    ])
      expect(read(...nothing), read.name).toBe(-1);
    expect(rtp.readTransmissionOffset(...nothing)).toBeUndefined();
    expect(rtp.readVoiceActivity(...nothing)).toBe(false);
  });
});

describe('mid, rid and repaired rid', () => {
  it('are text', () => {
    expect(written((buffer, at) => rtp.writeMid(buffer, at, 'a.0~'))).toBe('612e307e');
    expect(written((buffer, at) => rtp.writeRid(buffer, at, 'hi_0-A'))).toBe('68695f302d41');
    expect(written((buffer, at) => rtp.writeRepairedRid(buffer, at, 'q'))).toBe('71');
    expect([rtp.midLength('abc'), rtp.ridLength('ab'), rtp.repairedRidLength('a')]).toEqual([3, 2, 1]);
  });

  it('have no other characters than their grammars', () => {
    for (const text of ['', ' ', 'a b', 'ü', '\0', 'x'.repeat(256), '\u{1f600}']) {
      expect(() => rtp.writeMid(new Uint8Array(300), 0, text), text).toThrow(wrong);
      expect(() => rtp.writeRid(new Uint8Array(300), 0, text), text).toThrow(wrong);
      expect(() => rtp.writeRepairedRid(new Uint8Array(300), 0, text), text).toThrow(wrong);
    }
    expect(() => rtp.writeRid(new Uint8Array(9), 0, 'a.b')).toThrow(wrong);
    expect(isMalformed(rtp.readMid(hex('61003f'), 0, 3))).toBe(true);
    expect(isMalformed(rtp.readRid(hex('612e'), 0, 2))).toBe(true);
    expect(isMalformed(rtp.readRepairedRid(hex('ff'), 0, 1))).toBe(true);
  });
});

describe('the transport-wide sequence number', () => {
  it('has a request for feedback in its second version', () => {
    const request = { includeTimestamps: true, sequenceCount: 0x1234 };
    expect(written((buffer, at) => rtp.writeTransportSequenceNumber(buffer, at, 0xabcd))).toBe('abcd');
    expect(written((buffer, at) => rtp.writeTransportSequenceNumber(buffer, at, 1, request))).toBe('00019234');
    expect(rtp.readTransportSequenceNumber(hex('00019234'), 0, 4)).toBe(1);
    expect(rtp.readFeedbackRequest(hex('00019234'), 0, 4)).toEqual(request);
    expect(rtp.readFeedbackRequest(hex('00010001'), 0, 4)).toEqual({ includeTimestamps: false, sequenceCount: 1 });
    expect([rtp.transportSequenceNumberLength(), rtp.transportSequenceNumberLength(request)]).toEqual([2, 4]);
  });

  it('asks for nothing with a count of 0 or in its first version', () => {
    expect(rtp.readFeedbackRequest(hex('00018000'), 0, 4)).toBeUndefined();
    expect(rtp.readFeedbackRequest(hex('0001'), 0, 2)).toBeUndefined();
    expect(rtp.readFeedbackRequest(hex('000102'), 0, 3)).toEqual(MALFORMED);
    expect(rtp.readTransportSequenceNumber(hex('000102'), 0, 3)).toBe(-1);
  });

  it('refuses what does not fit', () => {
    const buffer = new Uint8Array(4);
    expect(() => rtp.writeTransportSequenceNumber(buffer, 0, 65_536)).toThrow(wrong);
    const request = { includeTimestamps: false, sequenceCount: 0 };
    expect(() => rtp.writeTransportSequenceNumber(buffer, 0, 0, request)).toThrow(wrong);
  });
});

describe('absolute send time', () => {
  it('is seconds with 18 bits of fraction and wraps after 64 s', () => {
    expect([0, 1000, 500, 63_999.999_99, 64_000, 65_000].map(rtp.absSendTime)).toEqual([
      0,
      1 << 18,
      1 << 17,
      0,
      0,
      1 << 18,
    ]);
    expect(rtp.absSendTime(1_700_000_000_000)).toBe(Math.round((1_700_000_000_000 % 64_000) * 262.144));
    expect(written((buffer, at) => rtp.writeAbsSendTime(buffer, at, 0x123456))).toBe('123456');
    expect(rtp.readAbsSendTime(hex('123456'), 0, rtp.ABS_SEND_TIME_LENGTH)).toBe(0x123456);
    expect(() => rtp.writeAbsSendTime(new Uint8Array(3), 0, 2 ** 24)).toThrow(wrong);
  });

  it('has distances over the wrap, in both directions', () => {
    expect(rtp.absSendTimeDistance(rtp.absSendTime(63_500), rtp.absSendTime(64_500))).toBe(1000);
    expect(rtp.absSendTimeDistance(rtp.absSendTime(64_500), rtp.absSendTime(63_500))).toBe(-1000);
    expect(rtp.absSendTimeDistance(5, 5)).toBe(0);
  });
});

describe('absolute capture time', () => {
  const captureTime = { seconds: 0x89abcdef, fraction: 0x01234567 };

  it('is NTP time, with or without the offset of clocks', () => {
    expect(written((buffer, at) => rtp.writeAbsCaptureTime(buffer, at, { captureTime }))).toBe('89abcdef01234567');
    const value = { captureTime, captureClockOffset: rtp.captureClockOffset(-250) };
    expect(written((buffer, at) => rtp.writeAbsCaptureTime(buffer, at, value))).toBe(
      '89abcdef01234567ffffffffc0000000',
    );
    expect(rtp.readAbsCaptureTime(hex('89abcdef01234567ffffffffc0000000'), 0, 16)).toEqual(value);
    expect(rtp.captureClockOffsetToMilliseconds(value.captureClockOffset)).toBe(-250);
    expect(rtp.captureClockOffset(1250)).toEqual({ seconds: 1, fraction: 2 ** 30 });
    expect([rtp.absCaptureTimeLength({ captureTime }), rtp.absCaptureTimeLength(value)]).toEqual([8, 16]);
    expect(isMalformed(rtp.readAbsCaptureTime(new Uint8Array(12), 0, 12))).toBe(true);
  });

  it('refuses what does not fit', () => {
    const offset = { seconds: 2 ** 31, fraction: 0 };
    const buffer = new Uint8Array(16);
    expect(() => rtp.writeAbsCaptureTime(buffer, 0, { captureTime: offset, captureClockOffset: offset })).toThrow(
      wrong,
    );
    expect(() => rtp.writeAbsCaptureTime(buffer, 0, { captureTime: { seconds: -1, fraction: 0 } })).toThrow(wrong);
  });
});

describe('audio levels', () => {
  it('of the sender have a bit for voice (RFC 6464)', () => {
    expect(written((buffer, at) => rtp.writeAudioLevel(buffer, at, 127, false))).toBe('7f');
    expect(written((buffer, at) => rtp.writeAudioLevel(buffer, at, 1, true))).toBe('81');
    expect([rtp.readAudioLevel(hex('7f'), 0, 1), rtp.readVoiceActivity(hex('7f'), 0, 1)]).toEqual([127, false]);
    expect(rtp.AUDIO_LEVEL_LENGTH).toBe(1);
    expect(() => rtp.writeAudioLevel(new Uint8Array(1), 0, 128, false)).toThrow(wrong);
  });

  it('of a mixer are one for each CSRC (RFC 6465)', () => {
    expect(written((buffer, at) => rtp.writeMixerAudioLevels(buffer, at, [0, 127, 5]))).toBe('007f05');
    // The reserved bit is ignored.
    expect(rtp.readMixerAudioLevels(hex('80ff05'), 0, 3)).toEqual([0, 127, 5]);
    expect(rtp.mixerAudioLevelsLength([1, 2])).toBe(2);
    for (const levels of [[], new Array(16).fill(0), [128]])
      expect(() => rtp.writeMixerAudioLevels(new Uint8Array(20), 0, levels)).toThrow(wrong);
  });
});

describe('what a video looks like', () => {
  it('orientation: every byte has a meaning, and its reserved bits have none', () => {
    for (let byte = 0; byte < 16; byte++) {
      const orientation = rtp.readVideoOrientation(Uint8Array.of(byte | 0xf0), 0, 1) as rtp.VideoOrientation;
      expect(written((buffer, at) => rtp.writeVideoOrientation(buffer, at, orientation))).toBe(
        toHex(Uint8Array.of(byte)),
      );
    }
    const turned = { rotation: 90, flip: false, camera: 'back' } as const;
    expect(rtp.readVideoOrientation(hex('09'), 0, rtp.VIDEO_ORIENTATION_LENGTH)).toEqual(turned);
    expect(() => rtp.writeVideoOrientation(hex('00'), 0, { ...turned, rotation: 45 as 90 })).toThrow(wrong);
  });

  it('playout delay: two times 12 bits of 10 ms', () => {
    expect(written((buffer, at) => rtp.writePlayoutDelay(buffer, at, { min: 30, max: 340 }))).toBe('003022');
    expect(written((buffer, at) => rtp.writePlayoutDelay(buffer, at, { min: 40_950, max: 40_950 }))).toBe('ffffff');
    expect(written((buffer, at) => rtp.writePlayoutDelay(buffer, at, { min: 4, max: 16 }))).toBe('000002');
    expect(isMalformed(rtp.readPlayoutDelay(hex('001000'), 0, rtp.PLAYOUT_DELAY_LENGTH))).toBe(true);
    for (const [min, max] of [
      [20, 10],
      [-10, 10],
      [0, 40_960],
      [Number.NaN, 0],
    ] as const)
      expect(() => rtp.writePlayoutDelay(new Uint8Array(3), 0, { min, max })).toThrow(wrong);
  });

  it('content type: a byte', () => {
    const { screenshare } = rtp.VIDEO_CONTENT_TYPE;
    expect(written((buffer, at) => rtp.writeVideoContentType(buffer, at, screenshare))).toBe('01');
    expect(rtp.readVideoContentType(hex('01'), 0, rtp.VIDEO_CONTENT_TYPE_LENGTH)).toBe(screenshare);
    expect(() => rtp.writeVideoContentType(new Uint8Array(1), 0, 256)).toThrow(wrong);
  });

  it('timing: flags and six times', () => {
    const timing: rtp.VideoTiming = {
      triggeredByTimer: true,
      triggeredBySize: true,
      encodeStart: 1,
      encodeFinish: 0x0203,
      packetizationFinish: 4,
      pacerExit: 5,
      network: 6,
      network2: 0xffff,
    };
    const digits = '03000102030004000500 06ffff'.replace(' ', '');
    expect(written((buffer, at) => rtp.writeVideoTiming(buffer, at, timing))).toBe(digits);
    expect(rtp.readVideoTiming(hex(digits), 0, rtp.VIDEO_TIMING_LENGTH)).toEqual(timing);
    expect(() => rtp.writeVideoTiming(new Uint8Array(13), 0, { ...timing, pacerExit: 65_536 })).toThrow(wrong);
  });

  it('colour space: four bytes, and 24 more for high dynamic range', () => {
    const space: rtp.ColorSpace = {
      primaries: 9,
      transfer: 16,
      matrix: 9,
      range: 1,
      chromaSitingHorizontal: 1,
      chromaSitingVertical: 2,
    };
    expect(written((buffer, at) => rtp.writeColorSpace(buffer, at, space))).toBe('09100916');
    expect(rtp.readColorSpace(hex('09100916'), 0, 4)).toEqual(space);
    const hdr: rtp.HdrMetadata = {
      luminanceMax: 1000,
      luminanceMin: 0.0001,
      red: { x: 0.708, y: 0.292 },
      green: { x: 0.17, y: 0.797 },
      blue: { x: 0.131, y: 0.046 },
      white: { x: 0.3127, y: 0.329 },
      maxContentLightLevel: 2000,
      maxFrameAverageLightLevel: 500,
    };
    const digits = '09100916 03e80001 8a48 3908 2134 9baa 1996 08fc 3d13 4042 07d0 01f4'.replaceAll(' ', '');
    expect(written((buffer, at) => rtp.writeColorSpace(buffer, at, { ...space, hdr }))).toBe(digits);
    expect(rtp.readColorSpace(hex(digits), 0, 28)).toEqual({ ...space, hdr });
    expect([rtp.colorSpaceLength(space), rtp.colorSpaceLength({ ...space, hdr })]).toEqual([4, 28]);
    expect(isMalformed(rtp.readColorSpace(new Uint8Array(28), 0, 27))).toBe(true);
    expect(() => rtp.writeColorSpace(new Uint8Array(28), 0, { ...space, range: 4 })).toThrow(wrong);
    const bright = { ...hdr, luminanceMin: 7 };
    expect(() => rtp.writeColorSpace(new Uint8Array(28), 0, { ...space, hdr: bright })).toThrow(wrong);
  });

  it('corruption detection: an index, and samples or none', () => {
    const measurement = { standardDeviation: 40, lumaErrorThreshold: 3, chromaErrorThreshold: 15, samples: [0, 255] };
    const digits = '85ff3f00ff';
    const value = { sequenceIndex: 5, upperBits: true, measurement };
    expect(written((buffer, at) => rtp.writeCorruptionDetection(buffer, at, value))).toBe(digits);
    expect(rtp.readCorruptionDetection(hex(digits), 0, 5)).toEqual(value);
    expect(rtp.readCorruptionDetection(hex('7f'), 0, 1)).toEqual({ sequenceIndex: 127, upperBits: false });
    expect([
      rtp.corruptionDetectionLength({ sequenceIndex: 0, upperBits: false }),
      rtp.corruptionDetectionLength(value),
    ]).toEqual([1, 5]);
    for (const length of [0, 2, 3, 17])
      expect(isMalformed(rtp.readCorruptionDetection(new Uint8Array(20), 0, length))).toBe(true);
    const none = { ...measurement, samples: [] };
    expect(() => rtp.writeCorruptionDetection(new Uint8Array(9), 0, { ...value, measurement: none })).toThrow(wrong);
  });
});

describe('the transmission offset', () => {
  it('is signed (RFC 5450)', () => {
    expect(written((buffer, at) => rtp.writeTransmissionOffset(buffer, at, -1))).toBe('ffffff');
    expect(rtp.readTransmissionOffset(hex('ffffff'), 0, rtp.TRANSMISSION_OFFSET_LENGTH)).toBe(-1);
    expect(rtp.readTransmissionOffset(hex('800000'), 0, 3)).toBe(-0x80_0000);
    expect(rtp.readTransmissionOffset(hex('7fffff'), 0, 3)).toBe(0x7f_ffff);
    expect(() => rtp.writeTransmissionOffset(new Uint8Array(3), 0, 0x80_0000)).toThrow(wrong);
  });
});

it('every URI is that of one extension', () => {
  const uris = Object.values(rtp.EXTENSION_URI);
  expect(new Set(uris).size).toBe(uris.length);
  expect(uris).toHaveLength(18);
});
