/** Frames made by ffmpeg, and packets made of them. `vectors/video` holds test pictures of 128 by 96, a key frame every sixth. */
import { readFileSync } from 'node:fs';
import type { EncodedFrame } from '@kaon/interface/rtp/v1';
import { RtpPacket } from '../../src/index.ts';
import { splitAnnexB } from '../../src/payload/nal/annex-b.ts';
import type { Depacketizer, Packetizer } from '../../src/payload/types.ts';

/** The frames of an IVF file, as bytes. */
export function ivfFrames(name: string): Uint8Array[] {
  const bytes = read(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = view.getUint16(6, true); at + 12 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    frames.push(bytes.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return frames;
}

/** The access units of a byte stream: one begins where `begins` says so of a NAL unit. */
export function accessUnits(name: string, begins: NalPredicate, isSlice: NalPredicate): Uint8Array[] {
  const bytes = read(name);
  const units: number[][] = [];
  let onlyHeaders = false;
  for (const { start, end } of splitAnnexB(bytes)) {
    const starts = begins(bytes, start);
    if (units.length === 0 || (starts && !onlyHeaders)) units.push([]);
    onlyHeaders = starts && !isSlice(bytes, start);
    units.at(-1)!.push(0, 0, 0, 1, ...bytes.subarray(start, end));
  }
  return units.map((unit) => new Uint8Array(unit));
}

/** The packets of frames 3000 ticks apart, from a sequence number on. */
export function packetize(
  packetizer: Packetizer,
  frames: readonly Pick<EncodedFrame, 'data' | 'metadata'>[],
  maxPayloadSize: number,
  firstSequenceNumber = 65530,
): RtpPacket[] {
  const packets: RtpPacket[] = [];
  frames.forEach((frame, index) => {
    packetizer.start({ timestamp: 0, keyFrame: false, ...frame }, maxPayloadSize);
    for (;;) {
      const bytes = new Uint8Array(12 + maxPayloadSize);
      const length = packetizer.next(bytes, 12);
      if (length === 0) break;
      bytes[0] = 0x80;
      const packet = new RtpPacket(bytes.slice(0, 12 + length));
      packet.payloadType = 96;
      packet.sequenceNumber = (firstSequenceNumber + packets.length) & 0xffff;
      packet.timestamp = 3000 * (index + 1);
      packet.marker = packetizer.isLast;
      packets.push(packet);
    }
  });
  return packets;
}

/** What comes out when these packets go in. */
export function depacketize(depacketizer: Depacketizer, packets: readonly RtpPacket[]): EncodedFrame[] {
  const frames: EncodedFrame[] = [];
  for (const packet of packets) {
    depacketizer.push(packet);
    for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) frames.push(frame);
  }
  return frames;
}

/** A packet with this payload. */
export function packetOf(payload: Uint8Array, sequenceNumber: number, timestamp: number, marker = true): RtpPacket {
  const packet = new RtpPacket(new Uint8Array([0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...payload]));
  packet.sequenceNumber = sequenceNumber;
  packet.timestamp = timestamp;
  packet.marker = marker;
  return packet;
}

function read(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../vectors/video/${name}`, import.meta.url)));
}

/** Asked of the NAL unit that begins at `start`. */
export type NalPredicate = (bytes: Uint8Array, start: number) => boolean;
