import { nodeCrypto } from '@kaon/runtime/node';
import { type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { vp8Frame } from '../src/frames.ts';
import type { MediaEvent } from '../src/media-stack.ts';
import { Peer } from '../src/peer.ts';

/** Two peers with a bad line between them. */
async function meet(sim: Simulation, loss: number): Promise<{ alice: Peer; bob: Peer }> {
  const platform = (address: string) => ({
    network: sim.host({ addresses: [address], link: { delay: 20, jitter: 5, loss } }),
    clock: sim.clock,
    crypto: nodeCrypto,
  });
  const alice = await Peer.create(platform('192.0.2.1'), true, ['192.0.2.1']);
  const bob = await Peer.create(platform('192.0.2.2'), false, ['192.0.2.2']);
  return { alice, bob };
}

describe('a media stack made of parts', () => {
  it(
    'carries every frame whole over a line that loses one packet in twenty',
    story(async (sim) => {
      const { alice, bob } = await meet(sim, 0.05);
      const video = alice.addVideo('video/VP8');
      const events: MediaEvent['type'][] = [];
      alice.onEvent = ({ type }) => events.push(type);
      const [fromAlice, fromBob] = await sim.until(Promise.all([alice.introduction(), bob.introduction()]));
      // What takes the place of SDP can travel as JSON.
      bob.connect(JSON.parse(JSON.stringify(fromAlice)));
      alice.connect(JSON.parse(JSON.stringify(fromBob)));
      await sim.run(() => events.includes('ready'), { timeout: 30_000 });
      await sim.advance(500);

      const received: Uint8Array[] = [];
      bob.receivers.get(video.stream.ssrc)!.onFrame = ({ data }) => received.push(data);
      const sent = Array.from({ length: 60 }, (_, i) => vp8Frame(i === 0, i === 0 ? 9000 : 2500, i));
      for (const [i, data] of sent.entries()) {
        video.write({ data, keyFrame: i === 0 }, i * 33);
        await sim.advance(33);
      }
      // A last packet that is lost is noticed by the one behind it.
      video.write({ data: vp8Frame(false, 100, 61), keyFrame: false }, 61 * 33);
      await sim.run(() => received.length >= 60, { timeout: 10_000 });
      expect(received.slice(0, 60)).toEqual(sent);
      expect(events).toContain('bandwidth');
      alice.close();
      bob.close();
    }),
  );

  it(
    'passes a wish for a key frame on to the sender',
    story(async (sim) => {
      const { alice, bob } = await meet(sim, 0);
      const video = alice.addVideo('video/VP8');
      const events: MediaEvent[] = [];
      alice.onEvent = (event) => events.push(event);
      const [fromAlice, fromBob] = await sim.until(Promise.all([alice.introduction(), bob.introduction()]));
      bob.connect(fromAlice);
      alice.connect(fromBob);
      await sim.run(() => events.some(({ type }) => type === 'ready'), { timeout: 30_000 });
      video.write({ data: vp8Frame(true, 1000, 1), keyFrame: true }, 0);
      await sim.advance(200);
      bob.requestKeyFrame(video.stream.ssrc);
      await sim.run(() => events.some(({ type }) => type === 'key-frame-request'), { timeout: 5000 });
      expect(events.find(({ type }) => type === 'key-frame-request')).toMatchObject({ ssrc: video.stream.ssrc });
      alice.close();
      bob.close();
    }),
  );

  it(
    'refuses a peer with another certificate than it announced, and delivers nothing',
    story(async (sim) => {
      const { alice, bob } = await meet(sim, 0);
      const events: MediaEvent[] = [];
      alice.onEvent = (event) => events.push(event);
      const [fromAlice, fromBob] = await sim.until(Promise.all([alice.introduction(), bob.introduction()]));
      alice.connect({ ...fromBob, fingerprint: fromAlice.fingerprint });
      bob.connect(fromAlice);
      await sim.run(() => events.some(({ type }) => type === 'failed'), { timeout: 60_000 });
      expect(events).toMatchObject([{ type: 'failed', error: { code: 'WRONG_CERTIFICATE' } }]);
      alice.close();
      bob.close();
    }),
  );
});
