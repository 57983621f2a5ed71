import { readFileSync } from 'node:fs';
import { type MediaFrame, openMedia } from '@kaon/media';
import { story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { play } from '../src/play.ts';
import { connectionOn, post, waiting } from './world.ts';

const VECTORS = new URL('../../../../packages/media/test/vectors/', import.meta.url);

/** In memory: virtual time does not wait for disks. */
function file(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, VECTORS)));
}

async function framesOf(name: string): Promise<MediaFrame[]> {
  const frames: MediaFrame[] = [];
  for await (const frame of (await openMedia(file(name))).frames()) frames.push(frame);
  return frames;
}

describe('a file that is played', () => {
  it.each(['vp8-opus.webm', 'h264-opus.mp4', 'vp9.ivf', 'av1.ivf', 'h265.h265', 'opus.ogg', 'pcmu.wav'])(
    '%s comes as it is',
    async (name) => {
      const frames = await framesOf(name);
      await story(async (sim) => {
        const viewer = connectionOn(sim, '192.0.2.2');
        const received = { audio: [] as Uint8Array[], video: [] as Uint8Array[] };
        for (const kind of ['audio', 'video'] as const) {
          const { receiver } = viewer.addTransceiver(kind, { direction: 'recvonly' });
          receiver.onframe = ({ data }) => received[kind].push(data);
        }
        const connection = connectionOn(sim, '192.0.2.1');
        let ended = 0;
        const options = {
          now: () => sim.clock.now(),
          wait: waiting(sim),
          onend: (error?: unknown) => {
            expect(error).toBeUndefined();
            ended++;
          },
        };
        await sim.until(post(viewer, (offer) => play(connection, file(name), offer, options)));
        await sim.run(() => received.audio.length + received.video.length >= frames.length, { timeout: 10_000 });
        const sent = (clockRate: (rate: number) => boolean) =>
          frames.filter((frame) => clockRate(frame.clockRate)).map(({ data }) => data);
        expect(received.video).toEqual(sent((rate) => rate === 90_000));
        expect(received.audio).toEqual(sent((rate) => rate !== 90_000));
        expect(ended).toBe(1);
        viewer.close();
        connection.close();
      })();
    },
  );

  it(
    'goes on from its beginning where it loops, until it is ended',
    story(async (sim) => {
      const viewer = connectionOn(sim, '192.0.2.2');
      const times: number[] = [];
      viewer.addTransceiver('video', { direction: 'recvonly' }).receiver.onframe = ({ time }) => times.push(time);
      const connection = connectionOn(sim, '192.0.2.1');
      const options = { loop: true, now: () => sim.clock.now(), wait: waiting(sim) };
      let end: () => void = () => undefined;
      await sim.until(
        post(viewer, async (offer) => {
          const answered = await play(connection, file('vp8.ivf'), offer, options);
          end = answered.end;
          return answered;
        }),
      );
      await sim.run(() => times.length >= 30, { timeout: 10_000 });
      expect(times[29]).toBeCloseTo((29 * 1000) / 30, 0);
      end();
      expect(connection.connectionState).toBe('closed');
      viewer.close();
    }),
  );

  it(
    'is refused where it is none, and where the viewer does not know its codec',
    story(async (sim) => {
      const viewer = connectionOn(sim, '192.0.2.2');
      viewer.addTransceiver('audio', { direction: 'recvonly' });
      const refused = (bytes: Uint8Array) =>
        post(viewer, (offer) => play(connectionOn(sim, '192.0.2.1'), bytes, offer)).catch(String);
      expect(await sim.until(refused(new Uint8Array(5)))).toMatch(/none of: IVF/);
      viewer.close();
    }),
  );
});
