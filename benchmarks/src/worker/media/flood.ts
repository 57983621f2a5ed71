import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from '../measure.ts';
import type { Answers } from '../protocol.ts';

/** RTP packets between ends, sent as fast as they get through. */
export interface PacketLine {
  /** Sends the packet with this number, counted from 0. */
  send(index: number): void;
  /** Packets that came out, by all receivers together. */
  received(): number;
  /** Receivers of each packet. */
  readonly receivers: number;
}

/** Packets on the way at once, for each receiver: fewer than a socket holds. */
const IN_FLIGHT = 256;
/** Milliseconds without a packet after which those on the way count as lost. */
const STALL = 30;

/** Sends as fast as packets come out, and counts between `warmup` and `warmup + seconds`. */
export async function flood(line: PacketLine, warmup: number, seconds: number): Promise<Answers['packets']> {
  let isRunning = true;
  let sent = 0;
  let lost = 0;
  let seen = 0;
  let seenAt = performance.now();
  const fill = (): void => {
    if (!isRunning) return;
    const received = line.received() / line.receivers;
    const now = performance.now();
    if (received !== seen) {
      seen = received;
      seenAt = now;
    } else if (now - seenAt > STALL) {
      lost = sent - received;
      seenAt = now;
    }
    while (sent - received - lost < IN_FLIGHT) line.send(sent++);
    setImmediate(fill);
  };
  fill();
  await sleep(warmup * 1000);
  const [start, before, fromSent, from] = [performance.now(), process.cpuUsage(), sent, line.received()];
  await sleep(seconds * 1000);
  const result = {
    sent: sent - fromSent,
    received: line.received() - from,
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: cpuSeconds(process.cpuUsage(before)),
  };
  isRunning = false;
  return result;
}

/** Sends frames of seven packets, as many as make `bitrate` bit/s of 1,200-byte packets. */
export async function stream(
  line: PacketLine,
  bitrate: number,
  warmup: number,
  seconds: number,
): Promise<Omit<Answers['packets'], 'cpuSeconds'>> {
  const perSecond = bitrate / 8 / PACKET_SIZE;
  const begin = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor((((performance.now() - begin) / 1000) * perSecond) / FRAME_PACKETS) * FRAME_PACKETS;
    while (sent < due) line.send(sent++);
  }, 5);
  await sleep(warmup * 1000);
  const [start, fromSent, from] = [performance.now(), sent, line.received()];
  await sleep(seconds * 1000);
  clearInterval(timer);
  return { sent: sent - fromSent, received: line.received() - from, seconds: (performance.now() - start) / 1000 };
}

/** Bytes of an RTP packet. */
export const PACKET_SIZE = 1200;
/** Packets of a frame. */
const FRAME_PACKETS = 7;

/** An RTP packet with VP8, which begins a key frame in every seventh; those are what relays wait for. */
export class Vp8Packet {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(PACKET_SIZE);

  /** Turns it into the packet with this number. */
  set(index: number): Uint8Array<ArrayBuffer> {
    const { bytes } = this;
    const isFirst = index % FRAME_PACKETS === 0;
    const timestamp = Math.floor(index / FRAME_PACKETS) * 3000;
    bytes.set([
      0x80,
      96 | (index % FRAME_PACKETS === FRAME_PACKETS - 1 ? 0x80 : 0),
      (index >>> 8) & 0xff,
      index & 0xff,
    ]);
    bytes.set([(timestamp >>> 24) & 0xff, (timestamp >>> 16) & 0xff, (timestamp >>> 8) & 0xff, timestamp & 0xff], 4);
    bytes.set([0, 0, 0, 77], 8);
    // Descriptor; frame tag, start code, 640 by 480.
    bytes.set(
      isFirst ? [0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01] : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      12,
    );
    return bytes;
  }
}

/** CPU time of this process between `warmup` and `warmup + seconds`. */
export async function cpu(warmup: number, seconds: number): Promise<Answers['cpu']> {
  await sleep(warmup * 1000);
  const [start, before] = [performance.now(), process.cpuUsage()];
  await sleep(seconds * 1000);
  return { cpuSeconds: cpuSeconds(process.cpuUsage(before)), seconds: (performance.now() - start) / 1000 };
}
