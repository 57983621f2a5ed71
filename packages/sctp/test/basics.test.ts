import { describe, expect, it } from 'vitest';
import { Pair, pattern } from './pair.ts';

describe('two associations', () => {
  it('connect when both call connect()', () => {
    const pair = Pair.connected();
    expect(pair.of('a', 'connected')).toEqual([{ type: 'connected', outboundStreams: 65535, inboundStreams: 65535 }]);
    expect(pair.of('b', 'connected')).toHaveLength(1);
    expect(pair.a.stats()).toMatchObject({
      interleaving: true,
      zeroChecksum: true,
      partialReliability: true,
      reConfig: true,
    });
  });

  it('connect when one side only answers', () => {
    const pair = new Pair();
    pair.a.connect(pair.now);
    expect(pair.drive(() => pair.a.state === 'established' && pair.b.state === 'established')).toBe(true);
  });

  for (const interleaving of [true, false]) {
    it(`carry messages of all sizes both ways, interleaving ${interleaving}`, () => {
      const pair = Pair.connected({ interleaving });
      const sizes = [1, 2, 3, 4, 5, 1000, 1024, 1130, 1135, 1140, 1151, 1152, 5000, 65536, 262144];
      for (const [n, size] of sizes.entries()) {
        expect(pair.a.write(7, 53, pattern(size, n), pair.now)).toBe(true);
        expect(pair.b.write(8, 51, pattern(size, n + 1), pair.now)).toBe(true);
      }
      pair.drive(
        () => pair.messages('b').length === sizes.length && pair.messages('a').length === sizes.length,
        10_000,
      );
      expect(pair.messages('b').map((m) => m.data.length)).toEqual(sizes);
      for (const [n, size] of sizes.entries()) {
        expect(pair.messages('b')[n]).toEqual({ type: 'message', stream: 7, ppid: 53, data: pattern(size, n) });
        expect(pair.messages('a')[n]).toEqual({ type: 'message', stream: 8, ppid: 51, data: pattern(size, n + 1) });
      }
      expect(pair.a.bufferedAmount(7)).toBe(0);
      expect(pair.a.stats().retransmittedChunks).toBe(0);
    });
  }

  it('reset a stream and start it anew', () => {
    const pair = Pair.connected();
    pair.a.write(3, 51, pattern(10), pair.now);
    pair.a.resetStreams([3], pair.now);
    pair.a.write(3, 51, pattern(11), pair.now);
    pair.drive(() => pair.messages('b').length === 2);
    expect(pair.events.b.slice(1).map((e) => e.type)).toEqual(['message', 'incoming-reset', 'message']);
    expect(pair.of('a', 'outgoing-reset')).toEqual([{ type: 'outgoing-reset', streams: [3] }]);
  });

  it('shut down in order', () => {
    const pair = Pair.connected();
    pair.a.write(3, 51, pattern(100_000), pair.now);
    pair.a.shutdown(pair.now);
    pair.drive(() => pair.a.state === 'closed' && pair.b.state === 'closed');
    expect(pair.messages('b')).toHaveLength(1);
    expect(pair.events.a.at(-1)).toEqual({ type: 'closed' });
    expect(pair.events.b.at(-1)).toEqual({ type: 'closed' });
    expect(pair.a.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('abort', () => {
    const pair = Pair.connected();
    pair.a.abort(pair.now, 'Close called');
    pair.pump();
    expect(pair.events.a.at(-1)).toMatchObject({ type: 'failed', error: { code: 'SCTP_ABORTED' } });
    expect(pair.events.b.at(-1)).toMatchObject({ type: 'failed', error: { code: 'SCTP_PEER_ABORTED', causeCode: 12 } });
  });
});
