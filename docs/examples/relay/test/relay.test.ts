import { type Simulation, story } from '@kaon/testing';
import type { RTCPeerConnection } from '@kaon/webrtc';
import { describe, expect, it } from 'vitest';
import { Relay } from '../src/relay.ts';
import { Camera, connectionsOn, post, Screen } from './world.ts';

interface Viewer {
  readonly connection: RTCPeerConnection;
  readonly screen: Screen;
}

/** A relay, with means to publish to it and to watch it. */
function studio(sim: Simulation, loss: number) {
  const relay = new Relay(connectionsOn(sim, '192.0.2.1', { delay: 5 }));
  let host = 2;
  const peers: RTCPeerConnection[] = [];
  const peer = (): RTCPeerConnection => {
    const connection = connectionsOn(sim, `192.0.2.${host++}`, { delay: 10, loss })();
    peers.push(connection);
    return connection;
  };
  return {
    relay,
    publish: async (camera: Camera): Promise<RTCPeerConnection> => {
      const connection = peer();
      connection.addTrack(camera.track);
      await sim.until(post(connection, (offer) => relay.publish(offer)));
      return connection;
    },
    watch: async (): Promise<Viewer> => {
      const connection = peer();
      const { receiver } = connection.addTransceiver('video', { direction: 'recvonly' });
      const screen = new Screen(receiver);
      await sim.until(post(connection, (offer) => relay.watch(offer)));
      return { connection, screen };
    },
    close: () => {
      relay.close();
      for (const each of peers) each.close();
    },
  };
}

describe('a relay', () => {
  it(
    'shows one publisher to ten viewers over bad lines, from a key frame on',
    story(async (sim) => {
      const { publish, watch, close, relay } = studio(sim, 0.02);
      await publish(new Camera(sim, 1));
      const viewers: Viewer[] = [];
      for (let i = 0; i < 10; i++) viewers.push(await watch());
      expect(relay.viewers).toBe(10);
      await sim.run(() => viewers.every(({ screen }) => screen.frames >= 60), { timeout: 20_000 });
      for (const { screen } of viewers) expect(screen.firstIsKey).toBe(true);
      close();
    }),
  );

  it(
    'gives a viewer who joins late a key frame that is made for it',
    story(async (sim) => {
      const { publish, watch, close } = studio(sim, 0);
      const camera = new Camera(sim, 1);
      await publish(camera);
      const first = await watch();
      await sim.run(() => first.screen.frames > 30);
      await sim.advance(5000);
      const { keyFrames } = camera;
      const late = await watch();
      await sim.run(() => late.screen.frames > 10, { timeout: 3000 });
      expect(late.screen.firstIsKey).toBe(true);
      expect(camera.keyFrames).toBeGreaterThan(keyFrames);
      close();
    }),
  );

  it(
    'lets viewers wait for a publisher, and changes to the next one without negotiating again',
    story(async (sim) => {
      const { publish, watch, close, relay } = studio(sim, 0);
      const { screen } = await watch();
      await sim.advance(1000);
      expect(screen.frames).toBe(0);
      const first = await publish(new Camera(sim, 1));
      await sim.run(() => screen.frames > 20, { timeout: 5000 });
      first.close();
      await sim.run(() => !relay.isPublished, { timeout: 20_000 });
      await publish(new Camera(sim, 2));
      await sim.run(() => screen.cameras.length === 2 && screen.frames > 60, { timeout: 10_000 });
      expect(screen.cameras).toEqual([1, 2]);
      close();
    }),
  );

  it(
    'forgets viewers who leave, and refuses what is no offer',
    story(async (sim) => {
      const { watch, close, relay } = studio(sim, 0);
      const viewer = await watch();
      await sim.run(() => viewer.connection.connectionState === 'connected');
      viewer.connection.close();
      await sim.run(() => relay.viewers === 0, { timeout: 20_000 });
      await expect(relay.watch('nonsense')).rejects.toThrow();
      await expect(relay.publish('nonsense')).rejects.toThrow();
      expect([relay.viewers, relay.isPublished]).toEqual([0, false]);
      close();
    }),
  );
});
