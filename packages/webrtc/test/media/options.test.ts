import type { Interceptor } from '@kaon/interface/interceptor/v1';
import { expect, it } from 'vitest';
import type { MediaOptions } from '../../src/media/options.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, opusFrame, vp8Frame } from './helpers.ts';

/** Sends video of about this many bit/s for a while. */
function stream(pair: MediaPair, ms = 2000, bytes = 3000): { source: FrameSource; frames: () => number } {
  const source = new FrameSource({ kind: 'video' });
  pair.a.sender(agreed('video'), source.track);
  let frames = 0;
  pair.b.receiver(agreed('video')).onframe = () => frames++;
  let wantsKey = true;
  source.onkeyframerequest = () => {
    wantsKey = true;
  };
  pair.a.every(33, Math.floor(ms / 33), (index) => {
    source.write({ data: vp8Frame(wantsKey, bytes, index), time: index * 33, keyFrame: wantsKey });
    wantsKey = false;
  });
  return { source, frames: () => frames };
}

it('startBitrate, minBitrate and maxBitrate bound what sources may use', () => {
  const first = (media: MediaOptions): number | undefined => {
    const pair = new MediaPair({ delay: 5 }, { a: media });
    const { source } = stream(pair);
    pair.line.advance(2500);
    return source.bitrate();
  };
  expect(first({ maxBitrate: 150_000, startBitrate: 100_000 })).toBeLessThanOrEqual(150_000);
  expect(first({ minBitrate: 900_000, startBitrate: 900_000 })).toBeGreaterThanOrEqual(900_000);
  const start = (startBitrate: number): number | undefined => {
    const pair = new MediaPair({ delay: 5 }, { a: { startBitrate } });
    stream(pair, 300);
    pair.line.advance(300);
    return pair.a.transport.stages?.congestion?.targetBitrate;
  };
  expect(start(2_000_000)).toBeGreaterThan(start(200_000) as number);
});

it('tells sources whenever they may use another bit rate', () => {
  const pair = new MediaPair({ delay: 5 });
  const rates: number[] = [];
  const source = new FrameSource({ kind: 'video' });
  source.onbitrate = ({ bitrate }) => rates.push(bitrate);
  const sender = pair.a.sender(agreed('video'), source.track);
  expect(rates.at(-1)).toBe(300_000);
  pair.b.receiver(agreed('video'));
  pair.a.every(33, 100, (index) => source.write({ data: vp8Frame(true), time: index * 33, keyFrame: true }));
  pair.line.advance(4000);
  expect(rates.at(-1)).toBeGreaterThan(600_000);
  void sender.replaceTrack(null);
  expect(rates.at(-1)).toBe(0);
});

it('holds nothing back from a peer that gives no feedback', () => {
  const pair = new MediaPair({ delay: 5 });
  const agreement = agreed('video', {
    codecs: agreed('video').codecs.map((codec) => ({ ...codec, rtcpFeedback: [] })),
  });
  const source = new FrameSource({ kind: 'video' });
  pair.a.sender(agreement, source.track);
  let frames = 0;
  pair.b.receiver(agreement).onframe = () => frames++;
  expect(source.bitrate()).toBe(2_500_000);
  pair.a.every(33, 60, (index) => source.write({ data: vp8Frame(true, 20_000), time: index * 33, keyFrame: true }));
  pair.line.advance(2200);
  expect(frames).toBe(60);
});

it('congestionControl tells sources less when the network carries less', () => {
  const last = (congestionControl: boolean): number => {
    // 300 kbit/s, and a source that would use 700.
    const pair = new MediaPair({ delay: 20, rate: 37_500 }, { a: { congestionControl, startBitrate: 1_000_000 } });
    const { source } = stream(pair, 8000);
    pair.line.advance(8000);
    return source.bitrate() as number;
  };
  expect(last(true)).toBeLessThan(700_000);
  expect(last(false)).toBe(2_500_000);
});

it('pacing spreads the packets of a frame', () => {
  const spread = (pacing: boolean): number => {
    const pair = new MediaPair({ delay: 5 }, { a: { pacing, startBitrate: 500_000 } });
    const at = new Set<number>();
    pair.line.tap(({ from, bytes, now }) => {
      if (from === 'a' && bytes.length > 500) at.add(now);
      return undefined;
    });
    const source = new FrameSource({ kind: 'video' });
    pair.a.sender(agreed('video'), source.track);
    source.write({ data: vp8Frame(true, 20_000), time: 0, keyFrame: true });
    pair.line.advance(500);
    return at.size;
  };
  expect(spread(false)).toBe(1);
  expect(spread(true)).toBeGreaterThan(5);
});

it('nack brings lost packets back', () => {
  const received = (nack: boolean): number => {
    const pair = new MediaPair({ delay: 10, loss: 0.05 }, { a: { nack, fec: false }, b: { nack }, seed: 4 });
    const { frames } = stream(pair, 4000);
    pair.line.advance(5000);
    return frames();
  };
  expect(received(true)).toBeGreaterThan(received(false) + 5);
});

it('jitterBuffer: off gives packets out as they come', () => {
  const inOrder = (jitterBuffer: MediaOptions['jitterBuffer']): boolean => {
    const pair = new MediaPair({ delay: 5, reorder: 0.3, reorderDelay: 45 }, { b: { jitterBuffer }, seed: 2 });
    const source = new FrameSource({ kind: 'audio' });
    pair.a.sender(agreed('audio'), source.track);
    const seen: number[] = [];
    pair.b.receiver(agreed('audio')).onrtp = ({ sequenceNumber }) => seen.push(sequenceNumber);
    pair.a.every(20, 100, (index) => source.write({ data: opusFrame(), time: index * 20 }));
    pair.line.advance(4000);
    expect(seen.length).toBeGreaterThan(50);
    return seen.every((sequence, index) => index === 0 || ((sequence - (seen[index - 1] as number)) & 0xffff) < 0x8000);
  };
  expect(inOrder('adaptive')).toBe(true);
  expect(inOrder('off')).toBe(false);
});

it('jitterBuffer: immediate does not wait for evenness', () => {
  const delay = (jitterBuffer: MediaOptions['jitterBuffer']): number => {
    const pair = new MediaPair({ delay: 5, jitter: 60 }, { b: { jitterBuffer }, seed: 2 });
    const source = new FrameSource({ kind: 'audio' });
    pair.a.sender(agreed('audio'), source.track);
    const sent: number[] = [];
    let total = 0;
    let count = 0;
    pair.b.receiver(agreed('audio')).onframe = ({ time }) => {
      total += pair.line.now - (sent[Math.round(time / 20)] as number);
      count++;
    };
    pair.a.every(20, 200, (index) => {
      sent.push(pair.line.now);
      source.write({ data: opusFrame(), time: index * 20 });
    });
    pair.line.advance(6000);
    return total / count;
  };
  expect(delay('immediate')).toBeLessThan(delay('adaptive'));
});

it('fec sends repair where it was agreed on', () => {
  const flexfec = {
    payloadType: 49,
    mimeType: 'video/flexfec-03',
    clockRate: 90_000,
    sdpFmtpLine: 'repair-window=10000000',
    rtcpFeedback: [],
  };
  const repair = (fec: boolean): number => {
    const pair = new MediaPair({ delay: 10, loss: 0.1 }, { a: { fec }, seed: 3 });
    const agreement = agreed('video', { codecs: [...agreed('video').codecs, flexfec] });
    const source = new FrameSource({ kind: 'video' });
    const sender = pair.a.sender(agreement, source.track);
    pair.b.receiver(agreement).onframe = () => {};
    pair.a.every(33, 150, (index) =>
      source.write({ data: vp8Frame(index % 30 === 0), time: index * 33, keyFrame: index % 30 === 0 }),
    );
    pair.line.advance(6000);
    expect(sender.counters.frames).toBe(150);
    return pair.a.transport.stages?.statistics().outbound[0]?.fecPacketsSent as number;
  };
  expect(repair(false)).toBe(0);
  expect(repair(true)).toBeGreaterThan(0);
});

it('maxStreams bounds the streams of a peer', () => {
  const pair = new MediaPair({ delay: 5 }, { b: { maxStreams: 2 } });
  pair.b.receiver(agreed('audio'));
  const sources = [1, 2, 3, 4].map(() => {
    const source = new FrameSource({ kind: 'audio' });
    pair.a.sender(agreed('audio'), source.track);
    return source;
  });
  for (const source of sources) source.write({ data: opusFrame(), time: 0 });
  pair.line.advance(100);
  expect(pair.b.transport.remoteStreams).toHaveLength(2);
  expect(pair.b.transport.routing.evicted).toBe(2);
});

it('interceptors stand between the application and the stages of Kaon', () => {
  const seen = { out: 0, in: 0 };
  const interceptors = (): Interceptor[] => [
    {
      interface: 'kaon:interceptor/1',
      name: 'counter',
      handleOutgoingRtp: () => {
        seen.out++;
        return true;
      },
      handleIncomingRtp: () => {
        seen.in++;
        return true;
      },
    },
  ];
  const pair = new MediaPair({ delay: 5 }, { a: { interceptors }, b: { interceptors } });
  const { frames } = stream(pair, 330);
  pair.line.advance(1000);
  expect(frames()).toBe(10);
  expect(seen.in).toBe(seen.out);
  expect(seen.out).toBeGreaterThanOrEqual(30);
});

it('shares the bandwidth by priority and maxBitrate', async () => {
  const pair = new MediaPair({ delay: 5 }, { a: { startBitrate: 700_000, maxBitrate: 700_000 } });
  const [one, two, voice] = [
    new FrameSource({ kind: 'video' }),
    new FrameSource({ kind: 'video' }),
    new FrameSource({ kind: 'audio' }),
  ] as const;
  const first = pair.a.sender(agreed('video', { mid: '1' }), one.track, [{ priority: 'high' }]);
  pair.a.sender(agreed('video', { mid: '2' }), two.track, [{ priority: 'low' }]);
  pair.a.sender(agreed('audio'), voice.track);
  pair.b.receiver(agreed('video', { mid: '1' }));
  pair.b.receiver(agreed('video', { mid: '2' }));
  pair.a.every(33, 100, (index) => {
    for (const source of [one, two]) source.write({ data: vp8Frame(true, 1000), time: index * 33, keyFrame: true });
  });
  pair.line.advance(2000);
  expect(voice.bitrate()).toBe(64_000);
  expect(one.bitrate()).toBeGreaterThan(2 * (two.bitrate() as number));
  const parameters = first.getParameters();
  parameters.encodings[0]!.maxBitrate = 50_000;
  await first.setParameters(parameters);
  expect(one.bitrate()).toBe(50_000);
  expect(two.bitrate()).toBeGreaterThan(50_000);
});
