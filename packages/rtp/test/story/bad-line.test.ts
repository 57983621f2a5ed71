import { Netem, type NetemOptions, seededRandom, withSeed } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import { expect, it } from 'vitest';
import { decodeRtp, encodeRtp, RtpPacket, SequenceUnwrapper } from '../../src/index.ts';
import { createDepacketizer } from '../../src/payload/index.ts';
import {
  decodeTelephoneEvent,
  dtmfEvent,
  dtmfTone,
  type TelephoneEvent,
  TelephoneEventSender,
} from '../../src/payload/telephone-event/index.ts';

/** Sends packets at their times over a line and tells what arrives, in order of arrival. */
function overLine(
  options: NetemOptions,
  seed: number,
  packets: readonly { at: number; bytes: Uint8Array }[],
): Uint8Array[] {
  const line = new Netem(options, seededRandom(seed));
  const arrived: Uint8Array[] = [];
  const take = (now: number): void => {
    for (let one = line.poll(now); one !== undefined; one = line.poll(now)) arrived.push(one.bytes);
  };
  for (const { at, bytes } of packets) {
    take(at);
    line.push(bytes, at, undefined);
  }
  take(Number.POSITIVE_INFINITY);
  return arrived;
}

it('a number that is dialled over a bad line arrives digit by digit', () => {
  withSeed((seed) => {
    const number = '0049*89#1123';
    const sender = new TelephoneEventSender();
    const packets: { at: number; bytes: Uint8Array }[] = [];
    let sequenceNumber = 65_530;
    [...number].forEach((digit, i) => {
      const start = 1000 * i;
      sender.start(dtmfEvent(digit), 300, 8 * start, start);
      for (let now = start; now < start + 1000; now = sender.pollTimeout()) {
        const { payload, timestamp, marker } = sender.poll(now)!;
        const header = { payloadType: 126, sequenceNumber, timestamp, ssrc: 1, marker };
        packets.push({ at: now, bytes: encodeRtp({ ...header, payload }) });
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
      }
    });
    const arrived = overLine({ delay: 40, loss: 0.1, duplicate: 0.1, reorder: 0.1, reorderDelay: 120 }, seed, packets);
    // A receiver takes what has one timestamp for one event, however often and in whatever order it is told.
    const heard = new Map<number, { digit: string; ended: boolean; duration: number }>();
    for (const bytes of arrived) {
      const packet = decodeRtp(bytes) as RtpPacket;
      const event = decodeTelephoneEvent(packet.bytes, packet.payloadOffset, packet.payloadEnd) as TelephoneEvent;
      const known = heard.get(packet.timestamp);
      heard.set(packet.timestamp, {
        digit: dtmfTone(event.event)!,
        ended: event.end || known?.ended === true,
        duration: Math.max(event.duration, known?.duration ?? 0),
      });
    }
    expect([...heard.values()].map(({ digit }) => digit).join('')).toBe(number);
    expect([...heard.values()].filter(({ ended, duration }) => ended && duration === 2400).length).toBeGreaterThan(10);
  });
});

it('each packet of a long stream keeps its place over losses, duplicates and reordering', () => {
  withSeed((seed) => {
    const header = { payloadType: 111, ssrc: 1 };
    const packets = Array.from({ length: 140_000 }, (_, i) => ({
      at: i,
      bytes: encodeRtp({ ...header, sequenceNumber: (i + 60_000) & 0xffff, timestamp: i, payload: new Uint8Array(0) }),
    }));
    const unwrapper = new SequenceUnwrapper();
    const view = new RtpPacket();
    let wrong = 0;
    const arrived = overLine(
      { delay: 20, loss: 0.05, duplicate: 0.02, reorder: 0.05, reorderDelay: 300 },
      seed,
      packets,
    );
    for (const bytes of arrived) {
      view.reset(bytes);
      if (unwrapper.unwrap(view.sequenceNumber) !== 65_536 + 60_000 + view.timestamp) wrong++;
    }
    expect(arrived.length).toBeGreaterThan(100_000);
    expect(wrong).toBe(0);
  });
});

it('audio over a line that damages packets is counted, and what was not damaged arrives', () => {
  withSeed((seed) => {
    const header = { payloadType: 111, ssrc: 1 };
    const payload = Uint8Array.of(0xfc, 1, 2, 3, 4, 5, 6, 7);
    const packets = Array.from({ length: 5000 }, (_, i) => ({
      at: 20 * i,
      bytes: encodeRtp({
        ...header,
        sequenceNumber: i,
        timestamp: 960 * i,
        payload,
        extensions: [{ id: 1, data: payload }],
      }),
    }));
    const depacketizer = createDepacketizer('audio/opus')!;
    let refused = 0;
    let frames = 0;
    for (const bytes of overLine({ delay: 20, corrupt: 0.5 }, seed, packets)) {
      const packet = decodeRtp(bytes);
      if (isMalformed(packet)) {
        refused++;
        continue;
      }
      packet.extension(1);
      depacketizer.push(packet);
      for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) frames++;
    }
    const { counters } = depacketizer;
    expect(counters).toMatchObject({ packets: 5000 - refused, frames, incomplete: 0 });
    expect(frames).toBeGreaterThan(2500);
    expect(refused).toBeGreaterThan(0);
    expect(counters.malformed).toBeGreaterThan(0);
  });
});
