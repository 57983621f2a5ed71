import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deframer, frame } from '../src/index.ts';

describe('framing (RFC 4571 §2)', () => {
  it('puts the length in front', () => {
    expect(frame(Uint8Array.of(7, 8, 9))).toEqual(Uint8Array.of(0, 3, 7, 8, 9));
    expect(frame(new Uint8Array(0))).toEqual(Uint8Array.of(0, 0));
    expect(frame(new Uint8Array(0xffff)).length).toBe(0x10001);
  });

  it('refuses a packet above 65535 bytes', () => {
    expect(() => frame(new Uint8Array(0x10000))).toThrowError(expect.objectContaining({ code: 'ICE_FRAME_TOO_LARGE' }));
  });
});

describe('deframing', () => {
  it('finds the packets however the stream is cut', () => {
    const packet = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 6 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 400 })),
        (packets, cuts) => {
          const stream = packets.flatMap((each) => [...frame(each)]);
          const deframer = new Deframer();
          const found: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const count = cuts.next().value;
            found.push(...deframer.push(Uint8Array.from(stream.slice(at, at + count))));
            at += count;
          }
          expect(found.map((each) => [...each])).toEqual(packets.map((each) => [...each]));
          expect(deframer.buffered).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('takes a byte at a time, and leaves empty packets out', () => {
    const deframer = new Deframer();
    const found = [0, 0, 0, 2, 5, 6, 0, 0].flatMap((byte) => deframer.push(Uint8Array.of(byte)));
    expect(found).toEqual([Uint8Array.of(5, 6)]);
    expect(deframer.push(Uint8Array.of(0, 0))).toEqual([]);
  });

  it('holds no more than was received, whatever length is claimed', () => {
    const deframer = new Deframer();
    deframer.push(Uint8Array.of(0xff, 0xff, 1));
    expect(deframer.buffered).toBe(3);
  });

  it('gives packets that later input does not change', () => {
    const deframer = new Deframer();
    deframer.push(Uint8Array.of(0, 2, 1));
    const [packet] = deframer.push(Uint8Array.of(2, 0, 2, 9));
    deframer.push(Uint8Array.of(9));
    expect(packet).toEqual(Uint8Array.of(1, 2));
  });
});
