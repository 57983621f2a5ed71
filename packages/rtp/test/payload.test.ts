import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRtp, parseRtp, type RtpPacket } from '../src/index.ts';
import { decodeBase64 } from '../src/payload/base64.ts';
import {
  createDepacketizer,
  createPacketizer,
  type EncodedFrame,
  packetDuration,
  startsKeyFrame,
} from '../src/payload/index.ts';
import { decodeRed } from '../src/payload/red/index.ts';
import { hex, toHex } from './helpers/hex.ts';
import { ivfFrames } from './helpers/video.ts';

const VP8_KEY = hex('10 02 00 9d 01 2a 40 01 f0 00 00 00');
const SPS = '67 42 c0 0a d9 1e 84 00 00 03 00 04 00 00 03 00 f0 3c 48 99 20';
const PPS = '68 ce 06 e2';
const H264_SLICE = '00000001 65 88 84 00 10 ff';
const H264_KEY = hex(`00000001 ${SPS} 00000001 ${PPS} ${H264_SLICE}`);

const VPS = '40 01 0c 01 ff ff';
const H265_SPS = '42 01 01 01 60 80';
const H265_PPS = '44 01 c1 72';
const H265_SLICE = '00000001 26 01 af 0a 10 ff';
const H265_KEY = hex(`00000001 ${VPS} 00000001 ${H265_SPS} 00000001 ${H265_PPS} ${H265_SLICE}`);

/** What a packetizer makes of a frame, as packets. */
function packets(
  mimeType: string,
  data: Uint8Array,
  parameters?: ReadonlyMap<string, string>,
  size = 1200,
): RtpPacket[] {
  const packetizer = createPacketizer(mimeType, { parameters })!;
  packetizer.start({ data, timestamp: 3000, keyFrame: true }, size);
  const made: RtpPacket[] = [];
  const buffer = new Uint8Array(size);
  for (let length = packetizer.next(buffer, 0); length > 0; length = packetizer.next(buffer, 0)) {
    const header = {
      payloadType: 96,
      sequenceNumber: made.length,
      timestamp: 3000,
      ssrc: 1,
      marker: packetizer.isLast,
    };
    made.push(parseRtp(encodeRtp({ ...header, payload: buffer.subarray(0, length) })));
  }
  return made;
}

function frames(mimeType: string, of: readonly RtpPacket[], parameters?: ReadonlyMap<string, string>): EncodedFrame[] {
  const depacketizer = createDepacketizer(mimeType, { parameters })!;
  const got: EncodedFrame[] = [];
  for (const packet of of) {
    depacketizer.push(packet);
    for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) got.push(frame);
  }
  return got;
}

const base64 = (digits: string): string => Buffer.from(hex(digits)).toString('base64');

/** IVF keeps the temporal delimiter, which frames of RTP do not have. */
function av1Frame(unit: Uint8Array): Uint8Array {
  expect(toHex(unit.subarray(0, 2))).toBe('1200');
  return unit.slice(2);
}

const CASES: [string, Uint8Array, string?][] = [
  ['audio/opus', hex('fc112233')],
  ['audio/PCMU', hex('ffff7f')],
  ['audio/PCMA', hex('d5d555')],
  ['audio/G722', hex('fafafa')],
  ['audio/red', hex('fc112233'), '111/111'],
  ['video/VP8', VP8_KEY],
  ['video/AV1', av1Frame(ivfFrames('av1.ivf')[0]!)],
  ['video/VP9', ivfFrames('vp9.ivf')[0]!],
  ['video/H264', H264_KEY],
  ['video/H265', H265_KEY],
];

describe('by media type', () => {
  it.each(CASES)('%s: frames come through, in any spelling of the type', (mimeType, data, unnamed) => {
    const parameters = unnamed === undefined ? undefined : new Map([['', unnamed]]);
    for (const spelling of [mimeType, mimeType.toLowerCase(), mimeType.toUpperCase()]) {
      const sent = packets(spelling, data, parameters);
      expect(sent.at(-1)!.marker).toBe(true);
      expect(frames(spelling, sent, parameters)).toMatchObject([{ data, timestamp: 3000, keyFrame: true }]);
      expect(sent.map((packet) => startsKeyFrame(spelling, packet))).toEqual(sent.map((_, i) => i === 0));
    }
  });

  it('is nothing for what is no codec here, or no codec by itself', () => {
    const packet = parseRtp(
      encodeRtp({ payloadType: 1, sequenceNumber: 1, timestamp: 1, ssrc: 1, payload: hex('65') }),
    );
    for (const name of ['video/rtx', 'video/ulpfec', 'audio/CN', 'audio/telephone-event', 'video/x', '', '__proto__']) {
      expect(createPacketizer(name), name).toBeUndefined();
      expect(createDepacketizer(name), name).toBeUndefined();
      expect(startsKeyFrame(name, packet), name).toBe(false);
      expect(packetDuration(name, hex('fc00')), name).toBe(-1);
    }
  });

  it('begins no stream with padding or with a frame that needs others', () => {
    const header = { payloadType: 96, sequenceNumber: 1, timestamp: 1, ssrc: 1 };
    const padding = parseRtp(encodeRtp({ ...header, payload: hex(''), paddingLength: 20 }));
    for (const [mimeType] of CASES) expect(startsKeyFrame(mimeType, padding), mimeType).toBe(false);
    const delta = parseRtp(encodeRtp({ ...header, payload: hex('41 9a 00') }));
    expect(startsKeyFrame('video/H264', delta)).toBe(false);
    const interframe = parseRtp(encodeRtp({ ...header, payload: hex('10 11 02 00') }));
    expect(startsKeyFrame('video/VP8', interframe)).toBe(false);
  });

  it('tells how long audio lasts', () => {
    expect(packetDuration('audio/opus', hex('fc1122'))).toBe(960);
    expect(packetDuration('AUDIO/OPUS', hex('00fc11'), 1)).toBe(960);
    expect(packetDuration('audio/PCMU', new Uint8Array(160))).toBe(160);
    expect(packetDuration('audio/G722', new Uint8Array(160), 0, 80)).toBe(80);
    expect(packetDuration('audio/opus', hex('03'))).toBe(-1);
    expect(packetDuration('video/VP8', VP8_KEY)).toBe(-1);
  });
});

describe('parameters', () => {
  it('packetization-mode decides whether H.264 cuts NAL units; without it the mode is 0', () => {
    const large = new Uint8Array(3000).fill(0x11);
    large.set(hex('0000000165'));
    expect(packets('video/H264', large, new Map([['packetization-mode', '1']]))).toHaveLength(3);
    expect(packets('video/H264', large)).toHaveLength(3);
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FRAME' });
    expect(() => packets('video/H264', large, new Map())).toThrow(wrong);
    expect(() => packets('video/H264', large, new Map([['packetization-mode', '0']]))).toThrow(wrong);
  });

  it('sprop-parameter-sets stand before a key frame that brings none', () => {
    const parameters = new Map([['sprop-parameter-sets', `${base64(SPS)},!!!,${base64(PPS)}`]]);
    const [frame] = frames('video/H264', packets('video/H264', hex(H264_SLICE)), parameters);
    expect(toHex(frame!.data)).toBe(toHex(H264_KEY));
  });

  it('sprop-vps, sprop-sps and sprop-pps do the same for H.265', () => {
    const parameters = new Map([
      ['sprop-pps', base64(H265_PPS)],
      ['sprop-sps', base64(H265_SPS)],
      ['sprop-vps', base64(VPS)],
    ]);
    const [frame] = frames('video/H265', packets('video/H265', hex(H265_SLICE)), parameters);
    expect(toHex(frame!.data)).toBe(toHex(H265_KEY));
  });

  it('of RED are the payload type inside, once for each level', () => {
    const inside = (line: string): (readonly [number, number])[] => {
      const packetizer = createPacketizer('audio/red', { parameters: new Map([['', line]]) })!;
      const buffer = new Uint8Array(1200);
      let length = 0;
      for (let i = 0; i < 4; i++) {
        packetizer.start({ data: hex('fc1122'), timestamp: 960 * i, keyFrame: true }, 1200);
        length = packetizer.next(buffer, 0);
      }
      const blocks = decodeRed(buffer, 0, length);
      if (isMalformed(blocks)) throw new Error('malformed');
      return blocks.map(({ payloadType, timestampOffset }) => [payloadType, timestampOffset]);
    };
    expect(inside('111/111')).toEqual([
      [111, 960],
      [111, 0],
    ]);
    expect(inside('96/96/96').map(([, offset]) => offset)).toEqual([1920, 960, 0]);
    expect(createPacketizer('audio/red')).toBeUndefined();
    expect(createPacketizer('audio/red', { parameters: new Map([['', 'x']]) })).toBeUndefined();
  });
});

describe('base64', () => {
  it('is that of Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.boolean(), (bytes, padded) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(decodeBase64(padded ? text : text.replaceAll('=', ''))).toEqual(Uint8Array.from(bytes));
      }),
    );
    for (const text of ['A', 'AA-A', 'AA A', 'AAAAA']) expect(decodeBase64(text)).toBeUndefined();
  });
});

describe('the picture id of a packetizer by media type', () => {
  it.each(['video/VP8', 'video/VP9'])('of %s counts up from the one given', (mimeType) => {
    const file = mimeType === 'video/VP8' ? 'vp8.ivf' : 'vp9.ivf';
    const packetizer = createPacketizer(mimeType, { pictureId: 32767 })!;
    const depacketizer = createDepacketizer(mimeType)!;
    const ids = ivfFrames(file).map((data, index) => {
      packetizer.start({ data, timestamp: index, keyFrame: false }, 60_000);
      const payload = new Uint8Array(60_000);
      const length = packetizer.next(payload, 0);
      const header = { payloadType: 96, sequenceNumber: index, timestamp: index, ssrc: 1, marker: true };
      depacketizer.push(parseRtp(encodeRtp({ ...header, payload: payload.subarray(0, length) })));
      return (depacketizer.poll()!.metadata as { pictureId?: number }).pictureId;
    });
    expect(ids.slice(0, 3)).toEqual([32767, 0, 1]);
  });
});
