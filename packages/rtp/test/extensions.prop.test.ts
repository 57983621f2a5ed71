import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as rtp from '../src/index.ts';

type Write<T> = (buffer: Uint8Array, offset: number, value: T) => number;
type Read<T> = (bytes: Uint8Array, offset: number, length: number) => T;

/** Whatever is written at whatever offset is read again, and has the length that is told. */
function roundTrips<T>(
  values: fc.Arbitrary<T>,
  write: Write<T>,
  read: Read<unknown>,
  length: (value: T) => number,
): void {
  fc.assert(
    fc.property(values, fc.nat({ max: 9 }), (value, offset) => {
      const buffer = new Uint8Array(300).fill(0xff);
      const written = write(buffer, offset, value);
      expect(written).toBe(length(value));
      expect(read(buffer, offset, written)).toEqual(value);
      expect(buffer.subarray(offset + written).every((byte) => byte === 0xff)).toBe(true);
    }),
  );
}

const u8 = fc.nat({ max: 255 });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 255 });
const ntp = fc.record({ seconds: u32, fraction: u32 });
const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.constant({}),
    value.map((each) => ({ [name]: each })),
  );
/** Numbers that are whole in steps of `1 / steps`. */
const inSteps = (steps: number) => u16.map((value) => value / steps);

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_';
const mids = text(`${LETTERS}.!#$%&'*+^\`{|}~`);
const rids = text(LETTERS);
const captureTimes: fc.Arbitrary<rtp.AbsCaptureTime> = fc
  .tuple(ntp, optional('captureClockOffset', fc.record({ seconds: u32.map((value) => value | 0), fraction: u32 })))
  .map(([captureTime, offset]) => ({ captureTime, ...offset }));
const chromaticity = fc.record({ x: inSteps(50_000), y: inSteps(50_000) });
const colorSpaces = fc
  .tuple(
    fc.record({
      primaries: u8,
      transfer: u8,
      matrix: u8,
      range: fc.nat({ max: 3 }),
      chromaSitingHorizontal: fc.nat({ max: 3 }),
      chromaSitingVertical: fc.nat({ max: 3 }),
    }),
    optional(
      'hdr',
      fc.record({
        luminanceMax: u16,
        luminanceMin: inSteps(10_000),
        red: chromaticity,
        green: chromaticity,
        blue: chromaticity,
        white: chromaticity,
        maxContentLightLevel: u16,
        maxFrameAverageLightLevel: u16,
      }),
    ),
  )
  .map(([space, hdr]): rtp.ColorSpace => ({ ...space, ...hdr }));
const corruption = fc
  .tuple(
    fc.record({ sequenceIndex: fc.nat({ max: 127 }), upperBits: fc.boolean() }),
    optional(
      'measurement',
      fc.record({
        standardDeviation: u8.map((value) => (value * 40) / 255),
        lumaErrorThreshold: fc.nat({ max: 15 }),
        chromaErrorThreshold: fc.nat({ max: 15 }),
        samples: fc.array(u8, { minLength: 1, maxLength: 13 }),
      }),
    ),
  )
  .map(([index, measurement]): rtp.CorruptionDetection => ({ ...index, ...measurement }));

describe('what is written is read', () => {
  it('mid, rid, repaired rid', () => {
    roundTrips(mids, rtp.writeMid, rtp.readMid, rtp.midLength);
    roundTrips(rids, rtp.writeRid, rtp.readRid, rtp.ridLength);
    roundTrips(rids, rtp.writeRepairedRid, rtp.readRepairedRid, rtp.repairedRidLength);
  });

  it('transport-wide sequence number, with and without a request', () => {
    const requests = fc.record({ includeTimestamps: fc.boolean(), sequenceCount: fc.integer({ min: 1, max: 0x7fff }) });
    roundTrips(
      u16,
      (buffer, offset, value) => rtp.writeTransportSequenceNumber(buffer, offset, value),
      rtp.readTransportSequenceNumber,
      () => rtp.transportSequenceNumberLength(),
    );
    roundTrips(
      requests,
      (buffer, offset, request) => rtp.writeTransportSequenceNumber(buffer, offset, 7, request),
      rtp.readFeedbackRequest,
      rtp.transportSequenceNumberLength,
    );
  });

  it('times', () => {
    const times = fc.nat({ max: 0xff_ffff });
    roundTrips(times, rtp.writeAbsSendTime, rtp.readAbsSendTime, () => rtp.ABS_SEND_TIME_LENGTH);
    roundTrips(captureTimes, rtp.writeAbsCaptureTime, rtp.readAbsCaptureTime, rtp.absCaptureTimeLength);
    const offsets = fc.integer({ min: -0x80_0000, max: 0x7f_ffff });
    const { writeTransmissionOffset, readTransmissionOffset, TRANSMISSION_OFFSET_LENGTH } = rtp;
    roundTrips(offsets, writeTransmissionOffset, readTransmissionOffset, () => TRANSMISSION_OFFSET_LENGTH);
    const limit = fc.integer({ min: 0, max: 4095 });
    const delays = fc.tuple(limit, limit).map(([a, b]) => ({ min: Math.min(a, b) * 10, max: Math.max(a, b) * 10 }));
    roundTrips(delays, rtp.writePlayoutDelay, rtp.readPlayoutDelay, () => rtp.PLAYOUT_DELAY_LENGTH);
    const timings = fc.record({
      triggeredByTimer: fc.boolean(),
      triggeredBySize: fc.boolean(),
      encodeStart: u16,
      encodeFinish: u16,
      packetizationFinish: u16,
      pacerExit: u16,
      network: u16,
      network2: u16,
    });
    roundTrips(timings, rtp.writeVideoTiming, rtp.readVideoTiming, () => rtp.VIDEO_TIMING_LENGTH);
  });

  it('distances of send times are those of the times', () => {
    const time = fc.double({ min: 0, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(time, fc.double({ min: -31_000, max: 31_000, noNaN: true }), (from, distance) => {
        const told = rtp.absSendTimeDistance(rtp.absSendTime(from), rtp.absSendTime(from + distance));
        expect(Math.abs(told - distance)).toBeLessThan(0.01);
      }),
    );
  });

  it('audio levels', () => {
    const levels = fc.nat({ max: 127 });
    fc.assert(
      fc.property(levels, fc.boolean(), (level, voice) => {
        const buffer = new Uint8Array(1);
        rtp.writeAudioLevel(buffer, 0, level, voice);
        expect([rtp.readAudioLevel(buffer, 0, 1), rtp.readVoiceActivity(buffer, 0, 1)]).toEqual([level, voice]);
      }),
    );
    const { writeMixerAudioLevels, readMixerAudioLevels, mixerAudioLevelsLength } = rtp;
    const lists = fc.array(levels, { minLength: 1, maxLength: 15 });
    roundTrips<readonly number[]>(lists, writeMixerAudioLevels, readMixerAudioLevels, mixerAudioLevelsLength);
  });

  it('what a video looks like', () => {
    const orientations: fc.Arbitrary<rtp.VideoOrientation> = fc.record({
      rotation: fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const),
      flip: fc.boolean(),
      camera: fc.constantFrom('front' as const, 'back' as const),
    });
    roundTrips(orientations, rtp.writeVideoOrientation, rtp.readVideoOrientation, () => rtp.VIDEO_ORIENTATION_LENGTH);
    roundTrips(u8, rtp.writeVideoContentType, rtp.readVideoContentType, () => rtp.VIDEO_CONTENT_TYPE_LENGTH);
    roundTrips(colorSpaces, rtp.writeColorSpace, rtp.readColorSpace, rtp.colorSpaceLength);
    const { writeCorruptionDetection, readCorruptionDetection, corruptionDetectionLength } = rtp;
    roundTrips(corruption, writeCorruptionDetection, readCorruptionDetection, corruptionDetectionLength);
  });
});
