import { readFileSync } from 'node:fs';
import { type MediaFormat, type MediaFrame, openMedia, paced } from '@kaon/media';
import { story } from '@kaon/testing';
import { FrameSource } from '@kaon/webrtc';
import { describe, expect, it } from 'vitest';
import { record } from '../src/record.ts';
import { connectionOn, post, waiting } from './world.ts';

const VECTORS = new URL('../../../../packages/media/test/vectors/', import.meta.url);

async function read(bytes: Uint8Array) {
  const reader = await openMedia(bytes);
  const frames: MediaFrame[] = [];
  for await (const frame of reader.frames()) frames.push(frame);
  return { tracks: reader.tracks, frames };
}

const CASES: readonly (readonly [string, MediaFormat])[] = [
  ['vp8-opus.webm', 'webm'],
  ['h264-opus.mp4', 'mp4'],
  ['vp9.ivf', 'ivf'],
  ['av1.ivf', 'mp4'],
  ['opus.ogg', 'ogg'],
  ['pcmu.wav', 'wav'],
];

describe('a peer that is recorded', () => {
  it.each(CASES)('with %s as %s', async (name, format) => {
    const sent = await read(new Uint8Array(readFileSync(new URL(name, VECTORS))));
    const file = { bytes: new Uint8Array() };
    await story(async (sim) => {
      const peer = connectionOn(sim, '192.0.2.2');
      const sources = sent.tracks.map(({ kind, mimeType, clockRate, channels }) => {
        const source = new FrameSource({ kind, codec: { mimeType, clockRate, channels } });
        peer.addTrack(source.track);
        return source;
      });
      let ended = 0;
      const options = {
        format,
        tracks: sent.tracks,
        now: () => sim.clock.now(),
        onend: (error?: unknown) => {
          expect(error).toBeUndefined();
          ended++;
        },
      };
      const connection = connectionOn(sim, '192.0.2.1');
      let end: () => void = () => undefined;
      await sim.until(
        post(peer, async (offer) => {
          const answered = await record(connection, file, offer, options);
          end = answered.end;
          return answered;
        }),
      );
      await sim.run(() => peer.connectionState === 'connected', { timeout: 10_000 });
      const all = async function* () {
        yield* sent.frames;
      };
      const pace = { now: () => sim.clock.now(), wait: waiting(sim) };
      const playing = (async () => {
        for await (const { track, data, timestamp, keyFrame } of paced(all(), pace)) {
          sources[track]?.write({ data, timestamp, keyFrame });
        }
      })();
      await sim.until(playing);
      await sim.advance(1000);
      end();
      await sim.run(() => ended === 1, { timeout: 1000 });
      peer.close();
    })();
    const { frames, tracks } = await read(file.bytes);
    expect(tracks.map(({ mimeType }) => mimeType)).toEqual(sent.tracks.map(({ mimeType }) => mimeType));
    for (const { index } of tracks) {
      const of = (list: readonly MediaFrame[]) => list.filter(({ track }) => track === index);
      expect(of(frames).map(({ data }) => data)).toEqual(of(sent.frames).map(({ data }) => data));
      // Frames are as far from each other as they were.
      const [was, is] = [of(sent.frames), of(frames)];
      is.forEach(({ time }, i) => {
        expect(Math.abs(time - is[0]!.time - (was[i]!.time - was[0]!.time))).toBeLessThan(2);
      });
    }
  });
});
