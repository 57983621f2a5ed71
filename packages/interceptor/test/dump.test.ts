import { encodeRtcp, type RtcpPacket } from '@kaon/rtp/rtcp';
import { describe, expect, it } from 'vitest';
import { type PacketDumpOptions, PcapngWriter, packetDump } from '../src/index.ts';
import { packet } from './helpers.ts';

const EPOCH = 1_767_225_600_123;

interface Block {
  readonly type: number;
  readonly body: DataView;
}

/** Reads the blocks of a pcapng file, and checks how they hang together. */
function blocksOf(file: Uint8Array): Block[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const blocks: Block[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true);
    expect(length % 4).toBe(0);
    expect(view.getUint32(at + length - 4, true)).toBe(length);
    blocks.push({
      type: view.getUint32(at, true),
      body: new DataView(file.buffer, file.byteOffset + at + 8, length - 12),
    });
    at += length;
  }
  return blocks;
}

/** Text of an option, read from the options at `at`. */
function optionText(body: DataView, at: number, code: number): string | undefined {
  for (let i = at; i + 4 <= body.byteLength; ) {
    const length = body.getUint16(i + 2, true);
    if (body.getUint16(i, true) === code)
      return new TextDecoder().decode(new Uint8Array(body.buffer, body.byteOffset + i + 4, length));
    i += 4 + ((length + 3) & ~3);
  }
  return undefined;
}

/** A datagram as a capture shows it. */
function datagramOf({ body }: Block): { time: number; from: string; to: string; flags: number; payload: Uint8Array } {
  const size = body.getUint32(12, true);
  expect(body.getUint32(16, true)).toBe(size);
  const ip = new DataView(body.buffer, body.byteOffset + 20, size);
  expect(ip.getUint8(0)).toBe(0x45);
  expect(ip.getUint16(2)).toBe(size);
  expect(ip.getUint8(9)).toBe(17);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ip.getUint16(i);
  expect(((sum & 0xffff) + (sum >>> 16)) & 0xffff).toBe(0xffff);
  expect(ip.getUint16(24)).toBe(size - 20);
  const address = (at: number): string => [0, 1, 2, 3].map((i) => ip.getUint8(at + i)).join('.');
  const flags = body.getUint32(20 + ((size + 3) & ~3) + 4, true);
  return {
    time: (body.getUint32(4, true) * 2 ** 32 + body.getUint32(8, true)) / 1000,
    from: `${address(12)}:${ip.getUint16(20)}`,
    to: `${address(16)}:${ip.getUint16(22)}`,
    flags,
    payload: new Uint8Array(body.buffer, body.byteOffset + 48, size - 28).slice(),
  };
}

function file(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('PcapngWriter', () => {
  it('begins a section and an interface of raw IP packets', () => {
    const writer = new PcapngWriter({ application: 'A name', interfaceName: 'an interface' });
    const [section, description] = blocksOf(writer.header());
    expect(section!.type).toBe(0x0a0d0d0a);
    expect(section!.body.getUint32(0, true)).toBe(0x1a2b3c4d);
    expect(section!.body.getUint16(4, true)).toBe(1);
    expect(section!.body.getBigInt64(8, true)).toBe(-1n);
    expect(optionText(section!.body, 16, 4)).toBe('A name');
    expect(description!.type).toBe(1);
    expect(description!.body.getUint16(0, true)).toBe(101);
    expect(optionText(description!.body, 8, 2)).toBe('an interface');
    expect(optionText(blocksOf(new PcapngWriter().header())[0]!.body, 16, 4)).toBe('Kaon');
  });

  it('puts datagrams of every size into IP packets', () => {
    const writer = new PcapngWriter();
    const here = { address: [192, 0, 2, 1], port: 5000 } as const;
    const there = { address: [198, 51, 100, 255], port: 65_535 } as const;
    for (const size of [0, 1, 2, 3, 4, 1200]) {
      const payload = new Uint8Array(size).fill(size);
      const [block] = blocksOf(writer.packet(payload, EPOCH, here, there, true));
      expect(block!.type).toBe(6);
      expect(datagramOf(block!)).toEqual({
        time: EPOCH,
        from: '192.0.2.1:5000',
        to: '198.51.100.255:65535',
        flags: 2,
        payload,
      });
    }
    expect(() => writer.packet(new Uint8Array(65_508), 0, here, there, true)).toThrow(RangeError);
  });

  it('cuts names that are too long', () => {
    const [section] = blocksOf(new PcapngWriter({ application: 'ä'.repeat(5000) }).header());
    expect(optionText(section!.body, 16, 4)!.length).toBeGreaterThan(400);
  });
});

describe('packetDump', () => {
  const make = (options: Partial<PacketDumpOptions> = {}): [ReturnType<typeof packetDump>, Uint8Array[]] => {
    const parts: Uint8Array[] = [];
    return [packetDump({ wallClock: () => EPOCH, write: (block) => void parts.push(block), ...options }), parts];
  };
  const report: RtcpPacket = { type: 'rr', ssrc: 1, reports: [] };

  it('captures RTP and RTCP of both directions with their time', () => {
    const [stage, parts] = make();
    expect(stage.handleOutgoingRtp!(packet(1), 1000)).toBe(true);
    expect(stage.handleIncomingRtp!(packet(2), 1020, 0)).toBe(true);
    stage.handleOutgoingRtcp!([report], 1040);
    stage.handleIncomingRtcp!([report, { type: 'malformed', packetType: 1, bytes: new Uint8Array(1) } as never], 1060);
    const datagrams = blocksOf(file(parts)).slice(2).map(datagramOf);
    expect(datagrams.map(({ time, flags }) => [Math.round(time - EPOCH), flags])).toEqual([
      [0, 2],
      [20, 1],
      [40, 2],
      [60, 1],
    ]);
    expect(datagrams.map(({ payload }) => payload)).toEqual([
      packet(1).bytes,
      packet(2).bytes,
      encodeRtcp([report]),
      encodeRtcp([report]),
    ]);
    expect(datagrams[0]).toMatchObject({ from: '10.0.0.1:5004', to: '10.0.0.2:5004' });
    expect(datagrams[1]).toMatchObject({ from: '10.0.0.2:5004', to: '10.0.0.1:5004' });
    expect(stage.bytes).toBe(file(parts).length);
  });

  it('filter and maxBytes leave packets out', () => {
    const [picky, few] = make({ filter: (direction, rtp) => direction === 'in' && rtp?.sequenceNumber === 2 });
    for (const each of [1, 2, 3]) picky.handleIncomingRtp!(packet(each), 0, 0);
    picky.handleOutgoingRtp!(packet(2), 0);
    picky.handleIncomingRtcp!([report], 0);
    expect(blocksOf(file(few))).toHaveLength(3);
    const [bounded, parts] = make({ maxBytes: 1000 });
    for (let i = 0; i < 100; i++) bounded.handleOutgoingRtp!(packet(i), 0);
    expect(file(parts).length).toBeLessThan(1200);
  });

  it('what a peer sent that cannot be written again is left out', () => {
    const [stage, parts] = make();
    stage.handleIncomingRtcp!([{ type: 'nack', senderSsrc: 1, mediaSsrc: 2, lost: [] } as never], 0);
    expect(blocksOf(file(parts))).toHaveLength(2);
  });
});
