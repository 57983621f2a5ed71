/** What a peer may send: every prefix and every flipped bit of every packet of an association. */
import type { StreamsEvent } from '@kaon/interface/message-streams/v1';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Association } from '../src/index.ts';
import { Dice, Pair, pattern } from './pair.ts';

/**
 * Packets without checksums, so that damage reaches the decoders behind them: the handshake, messages in order and not,
 * whole and in fragments, a gap, a message given up, heartbeats, resets, and the shutdown.
 */
function story(interleaving: boolean): { from: 'a' | 'b'; bytes: Uint8Array; at: number }[] {
  const packets: { from: 'a' | 'b'; bytes: Uint8Array; at: number }[] = [];
  let losing = false;
  const link = {
    delay: 5,
    filter: (bytes: Uint8Array, from: 'a' | 'b', now: number): boolean => {
      packets.push({ from, bytes: bytes.slice(), at: now });
      return !(losing && from === 'a');
    },
  };
  const pair = Pair.connected({ interleaving, heartbeatInterval: 1000, maxPacketSize: 400 }, link);
  pair.a.write(1, 51, pattern(20), pair.now);
  pair.a.write(1, 51, pattern(900), pair.now);
  pair.b.write(2, 53, pattern(500), pair.now, { unordered: true });
  pair.wait(300);
  losing = true;
  pair.a.write(3, 53, pattern(100), pair.now, { maxRetransmits: 0 });
  pair.pump();
  losing = false;
  pair.a.write(3, 53, pattern(50), pair.now, { maxRetransmits: 0 });
  pair.wait(1500);
  pair.a.resetStreams([1], pair.now);
  pair.b.resetStreams([2], pair.now);
  pair.wait(300);
  pair.a.shutdown(pair.now);
  pair.drive(() => pair.of('b', 'closed').length > 0);
  return packets;
}

describe.each([true, false])('every packet, interleaving %s', (interleaving) => {
  const packets = story(interleaving);

  /** The side that receives packet number `index`, brought to where it was when that packet came. */
  function receiver(index: number): { association: Association; now: number } {
    const { from, at } = packets[index]!;
    const to = from === 'a' ? 'b' : 'a';
    const seed = to === 'a' ? 1001 : 2001;
    const association = new Association({
      random: new Dice(seed).fill,
      interleaving,
      heartbeatInterval: 1000,
      maxPacketSize: 400,
    });
    association.connect(1000);
    drain(association, 1000);
    for (const packet of packets.slice(0, index)) {
      if (packet.from !== from) continue;
      association.handlePacket(packet.bytes.slice(), packet.at + 5);
      drain(association, packet.at + 5);
    }
    return { association, now: at + 5 };
  }

  it('is of many kinds', () => {
    const kinds = new Set(packets.flatMap(({ bytes }) => [...chunkTypes(bytes)]));
    const data = interleaving ? [64, 194] : [0, 192];
    expect([...kinds]).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 7, 8, 10, 11, 14, 130, ...data]));
  });

  it('is survived with any bit flipped and cut anywhere; nothing is delivered that was not sent', () => {
    const longest = 900;
    for (const index of packets.keys()) {
      const { bytes } = packets[index]!;
      let { association, now } = receiver(index);
      const damaged: Uint8Array[] = [];
      for (let end = 0; end < bytes.length; end++) damaged.push(bytes.slice(0, end));
      // User data behind the headers is no structure: its first bytes will do.
      for (let bit = 0; bit < Math.min(bytes.length, 80) * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        damaged.push(flipped);
      }
      for (const packet of damaged) {
        association.handlePacket(packet, now);
        association.handleTimeout(now);
        expect(association.pollTimeout()).toBeGreaterThan(now);
        let ended = false;
        for (const event of drain(association, now)) {
          if (event.type === 'message') expect(event.data.length).toBeLessThanOrEqual(longest);
          ended ||= event.type === 'closed' || event.type === 'failed';
        }
        if (ended) ({ association, now } = receiver(index));
      }
    }
  });
});

function drain(association: Association, now: number): StreamsEvent[] {
  const slot = new Slot(1200);
  for (slot.reset(); association.pollTransmit(slot, now); ) slot.reset();
  const events: StreamsEvent[] = [];
  for (let event = association.pollEvent(); event !== undefined; event = association.pollEvent()) events.push(event);
  return events;
}

function* chunkTypes(bytes: Uint8Array): Generator<number> {
  for (let at = 12; at + 4 <= bytes.length; ) {
    yield bytes[at]!;
    at += (((bytes[at + 2]! << 8) | bytes[at + 3]!) + 3) & ~3;
  }
}
