import type { EncodedFrame } from '@kaon/interface/rtp/v1';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { encodeRtp } from '../../../src/encode.ts';
import { RtpPacket } from '../../../src/packet.ts';
import {
  createRedDepacketizer,
  createRedPacketizer,
  decodeRed,
  encodeRed,
  type RedBlock,
  unwrapRed,
  wrapRed,
  wrapRedLength,
} from '../../../src/payload/red/index.ts';
import type { Depacketizer, Packetizer } from '../../../src/payload/types.ts';
import { hex } from '../../rtcp/vectors.ts';

const RED = 63;
const OPUS = 111;

function frame(timestamp: number, size = 20): EncodedFrame {
  return { timestamp, keyFrame: true, data: Uint8Array.from({ length: size }, (_, i) => (timestamp / 960 + i) & 0xff) };
}

function payloadOf(packetizer: Packetizer, one: EncodedFrame, maxPayloadSize = 1200): Uint8Array {
  const buffer = new Uint8Array(maxPayloadSize);
  packetizer.start(one, maxPayloadSize);
  expect(packetizer.isLast).toBe(false);
  const length = packetizer.next(buffer, 0);
  expect(packetizer.isLast).toBe(true);
  expect(packetizer.next(buffer, 0)).toBe(0);
  return buffer.slice(0, length);
}

function packet(payload: Uint8Array, sequenceNumber: number, timestamp: number, payloadType = RED): RtpPacket {
  return new RtpPacket(encodeRtp({ payloadType, sequenceNumber, timestamp, ssrc: 1, payload }));
}

function frames(depacketizer: Depacketizer): EncodedFrame[] {
  const all: EncodedFrame[] = [];
  for (let one = depacketizer.poll(); one !== undefined; one = depacketizer.poll()) all.push(one);
  return all;
}

const blocksOf = (payload: Uint8Array): readonly RedBlock[] => decodeRed(payload) as readonly RedBlock[];

describe('RED payload', () => {
  it('RFC 2198 §5: DVI4 with an LPC block 20 ms behind, at 8 kHz', () => {
    // The example's headers: block PT 7, offset 160, length 14; primary PT 5.
    const bytes = Uint8Array.from([...hex('87 02800e 05'), ...new Array(14).fill(7), ...new Array(84).fill(5)]);
    const blocks: RedBlock[] = [
      { payloadType: 7, timestampOffset: 160, data: new Uint8Array(14).fill(7) },
      { payloadType: 5, timestampOffset: 0, data: new Uint8Array(84).fill(5) },
    ];
    expect(decodeRed(bytes)).toEqual(blocks);
    expect(encodeRed(blocks)).toEqual(bytes);
  });

  it('one block has a header of one byte', () => {
    const blocks = [{ payloadType: 96, timestampOffset: 0, data: hex('aabb') }];
    expect(encodeRed(blocks)).toEqual(hex('60aabb'));
    expect(decodeRed(hex('ff60aabbff'), 1, 4)).toEqual(blocks);
  });

  it('headers or blocks that are cut off are malformed', () => {
    for (const bad of ['', 'ef', 'ef0f0014', 'ef0f0014 6f', 'ef0f0002 6f aa', 'efffffff efffffff 6f 00']) {
      expect(isMalformed(decodeRed(hex(bad))), bad).toBe(true);
    }
  });

  it('refuses what does not fit', () => {
    const data = hex('00');
    const primary = { payloadType: 1, timestampOffset: 0, data };
    for (const blocks of [
      [],
      [{ ...primary, timestampOffset: 1 }],
      [{ ...primary, payloadType: 128 }],
      [{ ...primary, timestampOffset: 16384 }, primary],
      [{ ...primary, data: new Uint8Array(1024) }, primary],
    ]) {
      expect(() => encodeRed(blocks)).toThrow(expect.objectContaining({ code: 'RTP_BAD_FIELD' }));
    }
  });
});

describe('RED packetizer', () => {
  it('repeats one frame by default', () => {
    const packetizer = createRedPacketizer({ payloadType: OPUS });
    expect(blocksOf(payloadOf(packetizer, frame(0)))).toEqual([
      { payloadType: OPUS, timestampOffset: 0, data: frame(0).data },
    ]);
    expect(blocksOf(payloadOf(packetizer, frame(960)))).toEqual([
      { payloadType: OPUS, timestampOffset: 960, data: frame(0).data },
      { payloadType: OPUS, timestampOffset: 0, data: frame(960).data },
    ]);
    expect(blocksOf(payloadOf(packetizer, frame(1920))).map((block) => block.timestampOffset)).toEqual([960, 0]);
  });

  it('distance is how many frames it repeats', () => {
    for (const distance of [0, 2, 9]) {
      const packetizer = createRedPacketizer({ payloadType: OPUS, distance });
      for (let i = 0; i < 12; i++) payloadOf(packetizer, frame(960 * i));
      const offsets = blocksOf(payloadOf(packetizer, frame(960 * 12))).map((block) => block.timestampOffset);
      expect(offsets).toEqual(Array.from({ length: distance + 1 }, (_, i) => 960 * (distance - i)));
    }
    for (const distance of [-1, 10, 0.5]) {
      expect(() => createRedPacketizer({ payloadType: OPUS, distance })).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
      );
    }
    expect(() => createRedPacketizer({ payloadType: 128 })).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
    );
  });

  it('leaves out frames that their header cannot tell, and empty ones', () => {
    const packetizer = createRedPacketizer({ payloadType: OPUS, distance: 3 });
    payloadOf(packetizer, frame(0));
    payloadOf(packetizer, frame(960, 1024), 4000);
    payloadOf(packetizer, frame(1920, 0));
    expect(blocksOf(payloadOf(packetizer, frame(16383))).map((block) => block.timestampOffset)).toEqual([16383, 0]);
    expect(blocksOf(payloadOf(packetizer, frame(16384))).map((block) => block.timestampOffset)).toEqual([1, 0]);
  });

  it('leaves out the oldest first when the payload would become too large, and refuses a frame that does not fit', () => {
    const packetizer = createRedPacketizer({ payloadType: OPUS, distance: 2 });
    for (let i = 0; i < 3; i++) payloadOf(packetizer, frame(960 * i));
    expect(payloadOf(packetizer, frame(960 * 3), 21 + 24).length).toBe(45);
    expect(payloadOf(packetizer, frame(960 * 4), 21 + 23).length).toBe(21);
    expect(() => packetizer.start(frame(960 * 5), 20)).toThrow(expect.objectContaining({ code: 'RTP_BAD_FRAME' }));
  });

  it('goes over the wrap of the timestamp', () => {
    const packetizer = createRedPacketizer({ payloadType: OPUS });
    payloadOf(packetizer, frame(2 ** 32 - 480));
    expect(blocksOf(payloadOf(packetizer, frame(480))).map((block) => block.timestampOffset)).toEqual([960, 0]);
  });

  it('keeps copies of earlier frames', () => {
    const packetizer = createRedPacketizer({ payloadType: OPUS });
    const reused = frame(0);
    payloadOf(packetizer, reused);
    reused.data.fill(0xff);
    expect(blocksOf(payloadOf(packetizer, frame(960)))[0]!.data).toEqual(frame(0).data);
  });
});

describe('RED depacketizer', () => {
  const send = (count: number, distance: number): RtpPacket[] => {
    const packetizer = createRedPacketizer({ payloadType: OPUS, distance });
    return Array.from({ length: count }, (_, i) => {
      const timestamp = (2 ** 32 - 3 * 960 + 960 * i) >>> 0;
      return packet(payloadOf(packetizer, frame(timestamp)), (65534 + i) & 0xffff, timestamp);
    });
  };
  const all = (count: number): EncodedFrame[] =>
    Array.from({ length: count }, (_, i) => frame((2 ** 32 - 3 * 960 + 960 * i) >>> 0));

  it('gives each frame once when nothing is lost', () => {
    const depacketizer = createRedDepacketizer();
    for (const one of send(8, 2)) depacketizer.push(one);
    expect(frames(depacketizer)).toEqual(all(8));
    expect(depacketizer.counters).toEqual({ packets: 8, frames: 8, malformed: 0, incomplete: 0 });
  });

  it('makes good as many losses in a row as there is redundancy, in order', () => {
    const depacketizer = createRedDepacketizer();
    for (const [i, one] of send(8, 2).entries()) if (i !== 2 && i !== 3 && i !== 6) depacketizer.push(one);
    expect(frames(depacketizer)).toEqual(all(8));
    expect(depacketizer.counters.incomplete).toBe(0);
  });

  it('counts what no redundancy made good', () => {
    const depacketizer = createRedDepacketizer();
    for (const [i, one] of send(8, 1).entries()) if (i < 2 || i > 4) depacketizer.push(one);
    const expected = all(8);
    expect(frames(depacketizer)).toEqual([...expected.slice(0, 2), ...expected.slice(4)]);
    expect(depacketizer.counters.incomplete).toBe(2);
  });

  it('does not take packets twice or late', () => {
    const depacketizer = createRedDepacketizer();
    const [first, second, third] = send(3, 2);
    for (const one of [first!, third!, second!, third!]) depacketizer.push(one);
    expect(frames(depacketizer)).toEqual(all(3));
    expect(depacketizer.counters).toEqual({ packets: 4, frames: 3, malformed: 0, incomplete: 0 });
  });

  it('drops and counts what is no RED', () => {
    const depacketizer = createRedDepacketizer();
    const [first, second, third] = send(3, 1);
    depacketizer.push(first!);
    depacketizer.push(packet(hex('ef0f'), second!.sequenceNumber, second!.timestamp));
    depacketizer.push(third!);
    expect(frames(depacketizer)).toEqual([all(3)[0], all(3)[2]]);
    expect(depacketizer.counters).toMatchObject({ malformed: 1, frames: 2 });
  });

  it('takes plain frames between RED ones when it knows the payload type of RED', () => {
    const [first, second] = [frame(0), frame(960)];
    const plain = packet(first.data, 1, 0, OPUS);
    const depacketizer = createRedDepacketizer({ redPayloadType: RED });
    depacketizer.push(plain);
    depacketizer.push(packet(encodeRed([{ payloadType: OPUS, timestampOffset: 0, data: second.data }]), 2, 960));
    expect(frames(depacketizer)).toEqual([first, second]);
    const strict = createRedDepacketizer();
    strict.push(plain);
    expect(frames(strict)).not.toEqual([first]);
  });

  it('its frames are copies', () => {
    const depacketizer = createRedDepacketizer();
    const [first] = send(1, 0);
    depacketizer.push(first!);
    first!.bytes.fill(0);
    expect(frames(depacketizer)).toEqual(all(1));
  });
});

describe('RED around whole packets', () => {
  const inner = new RtpPacket(
    encodeRtp({
      marker: true,
      payloadType: 96,
      sequenceNumber: 7,
      timestamp: 9,
      ssrc: 1,
      extensions: [{ id: 1, data: hex('aa') }],
      payload: hex('010203'),
    }),
  );

  it('puts the payload type into a header and takes it out again', () => {
    const out = new Uint8Array(wrapRedLength(inner) + 2);
    expect(wrapRed(inner, 116, out, 2)).toBe(inner.bytes.length + 1);
    const outer = new RtpPacket(out.subarray(2));
    expect(outer).toMatchObject({ marker: true, payloadType: 116, sequenceNumber: 7, timestamp: 9, ssrc: 1 });
    expect(outer.payload).toEqual(hex('60010203'));
    expect(outer.extension(1)).toEqual(hex('aa'));
    expect((unwrapRed(outer) as RtpPacket).bytes).toEqual(inner.bytes);
  });

  it('in place', () => {
    const buffer = new Uint8Array(64);
    buffer.set(inner.bytes);
    const view = new RtpPacket(buffer.subarray(0, inner.bytes.length));
    const length = wrapRed(view, 116, buffer, 0);
    expect((unwrapRed(new RtpPacket(buffer.subarray(0, length))) as RtpPacket).bytes).toEqual(inner.bytes);
  });

  it('leaves padding out, in both directions', () => {
    const padded = encodeRtp({
      payloadType: 96,
      sequenceNumber: 1,
      timestamp: 1,
      ssrc: 1,
      payload: hex('60aa'),
      paddingLength: 4,
    });
    expect((unwrapRed(new RtpPacket(padded)) as RtpPacket).bytes).toEqual(
      encodeRtp({ payloadType: 96, sequenceNumber: 1, timestamp: 1, ssrc: 1, payload: hex('aa') }),
    );
    const out = new Uint8Array(64);
    const length = wrapRed(new RtpPacket(padded), 116, out, 0);
    expect(new RtpPacket(out.subarray(0, length)).payload).toEqual(hex('6060aa'));
  });

  it('nothing, and redundant blocks, are malformed', () => {
    for (const payload of ['', 'e00000']) {
      expect(isMalformed(unwrapRed(packet(hex(payload), 1, 1)))).toBe(true);
    }
  });

  it('refuses a payload type that does not fit, and a buffer without room', () => {
    expect(() => wrapRed(inner, 128, new Uint8Array(64), 0)).toThrow(
      expect.objectContaining({ code: 'RTP_BAD_FIELD' }),
    );
    expect(() => wrapRed(inner, 116, new Uint8Array(inner.bytes.length), 0)).toThrow(RangeError);
  });
});
