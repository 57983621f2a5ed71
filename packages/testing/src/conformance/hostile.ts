import { seededRandom } from '../random.ts';
import type { SeenPacket } from './world.ts';

/**
 * Packets that a hostile peer could send, made from genuine ones: cut short, with flipped bits, with wild lengths,
 * to the wrong side, with garbage behind, twice, and pure noise. Bounded: some thousands for a short handshake.
 */
export function* hostilePackets(genuine: readonly SeenPacket[], seed: number): Generator<SeenPacket> {
  const random = seededRandom(seed).fork('hostile');
  // Long stories have many alike; the first ones are the handshake.
  const some = genuine.slice(0, 40);
  for (const { from, bytes } of some) {
    for (let tries = 0; tries < 24 && bytes.length > 0; tries++) {
      yield { from, bytes: bytes.slice(0, random.integer(0, bytes.length - 1)) };
      const flipped = bytes.slice();
      const bit = random.integer(0, bytes.length * 8 - 1);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      yield { from, bytes: flipped };
      const wild = bytes.slice();
      const at = random.integer(0, bytes.length - 1);
      wild.fill(random.pick([0, 0xff, 0x7f, 0x80]), at, at + random.integer(1, 4));
      yield { from, bytes: wild };
    }
    const longer = new Uint8Array(bytes.length + 7);
    longer.set(bytes);
    yield { from, bytes: longer };
    yield { from: from === 'a' ? 'b' : 'a', bytes: bytes.slice() };
    yield { from, bytes: bytes.slice() };
  }
  for (let tries = 0; tries < 300; tries++) {
    yield { from: random.pick(['a', 'b'] as const), bytes: random.bytes(random.integer(0, 200)) };
  }
  yield { from: 'a', bytes: new Uint8Array(0) };
  yield { from: 'b', bytes: new Uint8Array(0) };
}
