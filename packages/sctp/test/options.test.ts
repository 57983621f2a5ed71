import { describe, expect, it } from 'vitest';
import { CHUNK } from '../src/chunks/chunk.ts';
import { Association, type AssociationOptions, SctpError } from '../src/index.ts';
import { Dice, Pair, pattern } from './pair.ts';

const types = (packets: Uint8Array[]): number[] => packets.map((bytes) => bytes[12]!);

describe('each option has its effect', () => {
  it('values out of range are refused by name', () => {
    const bad: [string, Partial<AssociationOptions>][] = [
      ['localPort', { localPort: 0 }],
      ['remotePort', { remotePort: 65536 }],
      ['maxPacketSize', { maxPacketSize: 100 }],
      ['maxMessageSize', { maxMessageSize: 0 }],
      ['maxReceiveMessageSize', { maxReceiveMessageSize: Number.NaN }],
      ['receiveWindow', { receiveWindow: 1000 }],
      ['sendQueueLimit', { sendQueueLimit: 0 }],
      ['outboundStreams', { outboundStreams: 0 }],
      ['inboundStreams', { inboundStreams: 1.5 }],
      ['rto.min', { rto: { min: 0 } }],
      ['rto.max', { rto: { min: 100, max: 50 } }],
      ['rto.initial', { rto: { initial: 1 } }],
      ['maxRetransmissions', { maxRetransmissions: -1 }],
      ['maxInitRetransmits', { maxInitRetransmits: -1 }],
      ['heartbeatInterval', { heartbeatInterval: 0 }],
      ['sackDelay', { sackDelay: 501 }],
      ['cookieLifetime', { cookieLifetime: 0 }],
      ['maxBurst', { maxBurst: 0 }],
      ['congestionControl', { congestionControl: 'vegas' as 'cubic' }],
    ];
    for (const [name, options] of bad) {
      const make = () => new Association({ random: new Dice(1).fill, ...options });
      expect(make).toThrow(SctpError);
      expect(make).toThrow(name);
    }
  });

  it('localPort and remotePort', () => {
    const pair = Pair.connected({ localPort: 1, remotePort: 2 }, {}, 1, { localPort: 2, remotePort: 1 });
    expect([...pair.packets.a[0]!.subarray(0, 4)]).toEqual([0, 1, 0, 2]);
  });

  it('congestionControl decides how much of the window a loss takes: three tenths by default, or half', () => {
    const left = (options: Partial<AssociationOptions>): number => {
      let dropped = false;
      const pair = Pair.connected(options, { delay: 20 });
      pair.a.write(1, 51, pattern(100_000), pair.now);
      let before = 0;
      pair.link.filter = (bytes, from) => {
        if (dropped || from === 'b' || bytes.length < 1000 || pair.a.stats().packetsSent < 30) return true;
        dropped = true;
        return false;
      };
      pair.drive(() => {
        const { congestionWindow, fastRetransmits } = pair.a.stats();
        if (fastRetransmits === 0) before = congestionWindow;
        return fastRetransmits > 0;
      });
      return pair.a.stats().congestionWindow / before;
    };
    // What the SACK that tells of the loss acknowledges still counts.
    expect(left({})).toBeCloseTo(0.7, 1);
    expect(left({ congestionControl: 'cubic' })).toBe(left({}));
    expect(left({ congestionControl: 'newreno' })).toBeCloseTo(0.5, 1);
  });

  it('maxPacketSize bounds packets, and so does the limit of the slot', () => {
    const pair = Pair.connected({ maxPacketSize: 600 });
    pair.a.write(1, 51, pattern(5000), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    const largest = Math.max(...pair.packets.a.map((bytes) => bytes.length));
    expect(largest).toBeLessThanOrEqual(600);
    expect(largest).toBeGreaterThan(590);
    // Padding counts too, whatever the size and what is left of the message.
    for (let maxPacketSize = 300; maxPacketSize < 308; maxPacketSize++) {
      for (const interleaving of [true, false]) {
        const odd = Pair.connected({ maxPacketSize, interleaving });
        for (let size = 250; size < 310; size++) odd.a.write(1, 51, pattern(size), odd.now);
        odd.a.write(1, 51, pattern(20_001), odd.now);
        odd.drive(() => odd.messages('b').length === 61);
        expect(Math.max(...odd.packets.a.map((bytes) => bytes.length))).toBeLessThanOrEqual(maxPacketSize);
      }
    }
    const wide = Pair.connected({ maxPacketSize: 16_000 });
    wide.a.write(1, 51, pattern(50_000), wide.now);
    wide.drive(() => wide.messages('b').length === 1);
    // The test's slots have 2000 bytes.
    expect(wide.a.stats().mtu).toBe(2000);
    expect(Math.max(...wide.packets.a.map((bytes) => bytes.length))).toBeLessThanOrEqual(2000);
  });

  it('trace hears what happens', () => {
    const names: string[] = [];
    const pair = Pair.connected({ trace: (event) => names.push(event.name) });
    pair.a.handlePacket(new Uint8Array(3), pair.now);
    pair.a.abort(pair.now);
    expect(names).toEqual(['sctp:connected', 'sctp:connected', 'sctp:packet-dropped', 'sctp:failed']);
  });

  it('receiveWindow is advertised and bounds what is sent to a consumer that does not poll', () => {
    const pair = Pair.connected({}, { delay: 5 }, 1, { receiveWindow: 50_000 });
    expect(pair.a.stats().peerReceiverWindow).toBe(50_000);
    pair.deaf.add('b');
    for (let n = 0; n < 20; n++) pair.a.write(1, 51, pattern(10_000, n), pair.now);
    pair.wait(20_000);
    expect(pair.b.stats().receiverWindow).toBe(0);
    expect(pair.a.bufferedAmount(1)).toBeGreaterThan(100_000);
    expect(pair.a.state).toBe('established');
    pair.deaf.clear();
    pair.drive(() => pair.messages('b').length === 20, 60_000);
    for (const [n, message] of pair.messages('b').entries()) expect(message.data).toEqual(pattern(10_000, n));
  });

  it('sendQueueLimit bounds what waits', () => {
    const pair = Pair.connected({ sendQueueLimit: 10_000 });
    const { a, now } = pair;
    expect([a.write(1, 51, pattern(9000), now), a.write(2, 51, pattern(2000), now)]).toEqual([true, false]);
    pair.pump();
    expect(pair.of('a', 'writable')).toHaveLength(1);
    expect(a.write(2, 51, pattern(2000), now)).toBe(true);
  });

  it('rto.initial and rto.max time the handshake', () => {
    const pair = new Pair({ rto: { initial: 300, min: 100, max: 700 } }, { loss: 1 });
    pair.a.connect(pair.now);
    pair.wait(2000);
    // 0, 300, 900, 1600
    expect(types(pair.packets.a)).toHaveLength(4);
  });

  it('rto.min bounds the retransmission timeout from below', () => {
    for (const min of [50, 400])
      expect(Pair.connected({ rto: { min, initial: 500 } }, { delay: 1 }).a.stats().rto).toBe(min);
  });

  it('maxRetransmissions decides when the peer counts as gone', () => {
    for (const [maxRetransmissions, longest] of [
      [2, 2000],
      [5, 8000],
    ] as const) {
      const pair = Pair.connected({ maxRetransmissions }, { delay: 5 });
      pair.link.loss = 1;
      pair.a.write(1, 51, pattern(100), pair.now);
      const start = pair.now;
      expect(pair.drive(() => pair.of('a', 'failed').length === 1)).toBe(true);
      expect(pair.of('a', 'failed')[0]!.error.code).toBe('SCTP_PEER_UNREACHABLE');
      expect(pair.a.stats().timeouts).toBe(maxRetransmissions + 1);
      expect(pair.now - start).toBeLessThan(longest);
    }
  });

  it('heartbeatInterval Infinity sends none', () => {
    const pair = Pair.connected({ heartbeatInterval: Number.POSITIVE_INFINITY });
    expect(pair.a.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('maxBurst bounds what leaves at once after the window was wide open', () => {
    for (const maxBurst of [4, 20]) {
      const pair = Pair.connected({ maxBurst }, { delay: 20 });
      for (let n = 0; n < 20; n++) pair.a.write(1, 51, pattern(100_000), pair.now);
      pair.drive(() => pair.messages('b').length === 20);
      pair.wait(90);
      pair.packets.a.length = 0;
      pair.a.write(1, 51, pattern(200_000), pair.now);
      pair.pump();
      expect(pair.packets.a.length).toBe(maxBurst);
    }
  });

  it('zeroChecksum leaves the CRC out once both agreed, never in the handshake', () => {
    const crc = (bytes: Uint8Array): boolean => bytes.subarray(8, 12).some((byte) => byte !== 0);
    const pair = new Pair();
    pair.a.connect(pair.now);
    pair.a.write(1, 51, pattern(10), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.packets.a.map((bytes) => [bytes[12], crc(bytes)]).slice(0, 3)).toEqual([
      [CHUNK.Init, true],
      [CHUNK.CookieEcho, true],
      [CHUNK.IData, false],
    ]);
    for (const [mine, theirs] of [
      [true, false],
      [false, true],
    ]) {
      const mixed = Pair.connected({ zeroChecksum: mine! }, {}, 1, { zeroChecksum: theirs! });
      mixed.a.write(1, 51, pattern(10), mixed.now);
      mixed.drive(() => mixed.messages('b').length === 1);
      expect(mixed.packets.a.every(crc)).toBe(true);
      expect(mixed.packets.b.every(crc)).toBe(true);
    }
  });

  it('interleaving uses I-DATA only when both have it', () => {
    for (const [mine, theirs] of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      const pair = Pair.connected({ interleaving: mine! }, {}, 1, { interleaving: theirs! });
      pair.a.write(1, 51, pattern(10), pair.now);
      pair.drive(() => pair.messages('b').length === 1);
      expect(types(pair.packets.a).includes(CHUNK.IData)).toBe(mine && theirs);
      expect(types(pair.packets.a).includes(CHUNK.Data)).toBe(!(mine && theirs));
    }
  });
});
