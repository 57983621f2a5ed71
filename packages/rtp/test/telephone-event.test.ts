import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRtp, parseRtp } from '../src/index.ts';
import {
  createTelephoneEventDepacketizer,
  createTelephoneEventPacketizer,
  decodeTelephoneEvent,
  decodeTelephoneEvents,
  dtmfEvent,
  dtmfTone,
  type TelephoneEvent,
  TelephoneEventSender,
  type TelephoneEventSenderOptions,
  telephoneEventDuration,
  writeTelephoneEvent,
} from '../src/payload/telephone-event/index.ts';
import { hex, toHex } from './helpers/hex.ts';

interface Sent extends TelephoneEvent {
  readonly at: number;
  readonly timestamp: number;
  readonly marker: boolean;
}

/** Runs a sender on its own timeouts until `until`. */
function run(sender: TelephoneEventSender, until: number): Sent[] {
  const sent: Sent[] = [];
  for (let now = sender.pollTimeout(); now <= until; now = sender.pollTimeout())
    for (let packet = sender.poll(now); packet !== undefined; packet = sender.poll(now)) {
      const { timestamp, marker, payload } = packet;
      sent.push({ at: now, timestamp, marker, ...(decodeTelephoneEvent(payload) as TelephoneEvent) });
    }
  return sent;
}

function tone(options: TelephoneEventSenderOptions, duration: number, until = 1e6): Sent[] {
  const sender = new TelephoneEventSender(options);
  sender.start(5, duration, 1000, 0);
  return run(sender, until);
}

describe('an event (§2.3)', () => {
  it('is four bytes', () => {
    const event = { event: 11, end: true, volume: 10, duration: 0x0320 };
    const buffer = new Uint8Array(6);
    expect(writeTelephoneEvent(buffer, 1, event)).toBe(4);
    expect(toHex(buffer)).toBe('000b8a032000');
    expect(decodeTelephoneEvent(buffer, 1, 5)).toEqual(event);
    // The reserved bit means nothing.
    expect(decodeTelephoneEvent(hex('0bca0320'))).toEqual(event);
  });

  it('may be followed by others (§2.5.1.6)', () => {
    const events = decodeTelephoneEvents(hex('010a0190 028a00a0')) as TelephoneEvent[];
    expect(events.map(({ event, duration }) => [event, duration])).toEqual([
      [1, 400],
      [2, 160],
    ]);
    for (const digits of ['', '010a01', '010a019002'])
      expect(isMalformed(decodeTelephoneEvents(hex(digits)))).toBe(true);
    expect(isMalformed(decodeTelephoneEvent(hex('010a01')))).toBe(true);
  });

  it('is read as it was written', () => {
    const events = fc.record({
      event: fc.nat({ max: 255 }),
      end: fc.boolean(),
      volume: fc.nat({ max: 63 }),
      duration: fc.nat({ max: 0xffff }),
    });
    fc.assert(
      fc.property(events, (event) => {
        const bytes = new Uint8Array(4);
        writeTelephoneEvent(bytes, 0, event);
        expect(decodeTelephoneEvent(bytes)).toEqual(event);
      }),
    );
    const wrong = expect.objectContaining({ code: 'RTP_BAD_FIELD' });
    const event = { event: 0, end: false, volume: 64, duration: 0 };
    expect(() => writeTelephoneEvent(new Uint8Array(4), 0, event)).toThrow(wrong);
  });

  it('has a tone when it is one of DTMF', () => {
    expect([...'0189*#ABCDad'].map(dtmfEvent)).toEqual([0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 12, 15]);
    expect(['x', '', '12', ','].map(dtmfEvent)).toEqual([-1, -1, -1, -1]);
    expect([0, 10, 15, 16].map(dtmfTone)).toEqual(['0', '*', 'D', undefined]);
  });
});

describe('TelephoneEventSender', () => {
  it('sends at once, each 50 ms, and the end three times', () => {
    const sent = tone({}, 150);
    expect(sent.map(({ at, duration, end }) => [at, duration, end])).toEqual([
      [0, 400, false],
      [50, 800, false],
      [100, 1200, true],
      [150, 1200, true],
      [200, 1200, true],
    ]);
    expect(sent.map(({ marker }) => marker)).toEqual([true, false, false, false, false]);
    expect(new Set(sent.map(({ timestamp, event, volume }) => `${timestamp} ${event} ${volume}`))).toEqual(
      new Set(['1000 5 10']),
    );
  });

  it('interval: 20 sends each 20 ms', () => {
    expect(tone({ interval: 20 }, 50).map(({ at, duration }) => [at, duration])).toEqual([
      [0, 160],
      [20, 320],
      [40, 400],
      [60, 400],
      [80, 400],
    ]);
  });

  it('clockRate and volume are those of the stream', () => {
    const sent = tone({ clockRate: 48_000, volume: 63 }, 50);
    expect(sent[0]).toMatchObject({ duration: 2400, volume: 63 });
  });

  it('goes on in segments when the duration outgrows 16 bits, and repeats their ends', () => {
    const sent = tone({ clockRate: 48_000, interval: 1000 }, 3000);
    expect(sent.map(({ at, timestamp, duration, end }) => [at, timestamp, duration, end])).toEqual([
      [0, 1000, 48_000, false],
      [1000, 1000, 65_535, false],
      [1000, 1000, 65_535, false],
      [1000, 1000, 65_535, false],
      [1000, 66_535, 96_000 - 65_535, false],
      [2000, 66_535, 65_535, false],
      [2000, 66_535, 65_535, false],
      [2000, 66_535, 65_535, false],
      [2000, 132_070, 144_000 - 131_070, true],
      [3000, 132_070, 144_000 - 131_070, true],
      [4000, 132_070, 144_000 - 131_070, true],
    ]);
    expect(sent.filter(({ marker }) => marker)).toHaveLength(1);
  });

  it('lets the timestamp of a segment wrap', () => {
    const sender = new TelephoneEventSender({ clockRate: 48_000, interval: 1000 });
    sender.start(1, 2000, 0xffff_ffff, 0);
    expect(run(sender, 1e6).at(-1)).toMatchObject({ timestamp: 65_534, end: true });
  });

  it('stops when it is told to, never with less than it has told', () => {
    const sender = new TelephoneEventSender();
    sender.start(1, Number.POSITIVE_INFINITY, 0, 0);
    run(sender, 120);
    sender.stop(120);
    expect(run(sender, 1000).map(({ at, duration, end }) => [at, duration, end])).toEqual([
      [120, 1200, true],
      [150, 1200, true],
      [200, 1200, true],
    ]);
    expect(sender.active).toBe(false);
    // Polled late: what has gone by counts.
    sender.start(1, 5000, 0, 2000);
    sender.poll(2000);
    sender.stop(2500);
    expect(decodeTelephoneEvent(sender.poll(2500)!.payload)).toMatchObject({ duration: 4000, end: true });
    // During the repeats there is nothing left to stop.
    sender.stop(2501);
    expect(sender.pollTimeout()).toBeGreaterThan(2501);
  });

  it('breaks off an event for the next', () => {
    const sender = new TelephoneEventSender();
    sender.start(1, 100, 0, 0);
    run(sender, 70);
    sender.start(2, 50, 640, 80);
    const sent = run(sender, 1000);
    expect(sent.map(({ event, end }) => [event, end])).toEqual([
      [2, true],
      [2, true],
      [2, true],
    ]);
    expect(sent[0]).toMatchObject({ at: 80, timestamp: 640, marker: true, duration: 400 });
  });

  it('catches up when it is polled late', () => {
    const sender = new TelephoneEventSender();
    sender.start(1, 1000, 0, 0);
    sender.poll(0);
    expect(decodeTelephoneEvent(sender.poll(330)!.payload)).toMatchObject({ duration: 2800, end: false });
    expect(sender.pollTimeout()).toBe(350);
    expect(sender.poll(349)).toBeUndefined();
  });

  it('is at rest before the first event and after the last', () => {
    const sender = new TelephoneEventSender();
    expect([sender.active, sender.pollTimeout(), sender.poll(1e9)]).toEqual([false, Infinity, undefined]);
    sender.stop(5);
    sender.start(0, 10, 0, 0);
    expect(sender.active).toBe(true);
    run(sender, 1000);
    expect([sender.active, sender.pollTimeout()]).toEqual([false, Infinity]);
  });

  it('refuses options and events that make no sense', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_OPTION' });
    for (const options of [{ clockRate: 0 }, { interval: 0 }, { interval: 1001 }, { volume: 64 }, { volume: 0.5 }])
      expect(() => new TelephoneEventSender(options), JSON.stringify(options)).toThrow(wrong);
    const sender = new TelephoneEventSender();
    expect(() => sender.start(1, 0, 0, 0)).toThrow(wrong);
    expect(() => sender.start(256, 1, 0, 0)).toThrow(/event/);
    expect(sender.active).toBe(false);
  });
});

describe('payloads', () => {
  it('go through as they are', () => {
    const packetizer = createTelephoneEventPacketizer();
    const depacketizer = createTelephoneEventDepacketizer();
    const data = hex('010a0190028a00a0');
    const buffer = new Uint8Array(8);
    packetizer.start({ data, timestamp: 9, keyFrame: true }, 1200);
    expect(packetizer.next(buffer, 0)).toBe(8);
    const rtp = (payload: Uint8Array) =>
      parseRtp(encodeRtp({ payloadType: 126, sequenceNumber: 1, timestamp: 9, ssrc: 1, payload }));
    depacketizer.push(rtp(buffer));
    depacketizer.push(rtp(hex('010a01')));
    expect(depacketizer.poll()).toEqual({ data, timestamp: 9, keyFrame: true, metadata: { duration: 560 } });
    expect(depacketizer.counters).toMatchObject({ packets: 2, malformed: 1 });
    expect(telephoneEventDuration(data, 0, 5)).toBe(-1);
    expect(() => packetizer.start({ data: hex('01'), timestamp: 9, keyFrame: true }, 1200)).toThrow(/telephone-event/);
  });
});
