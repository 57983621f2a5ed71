import { type Simulation, story } from '@kaon/testing';
import type { RTCPeerConnection } from '@kaon/webrtc';
import { describe, expect, it } from 'vitest';
import { Conference } from '../src/conference.ts';
import { Camera, connectionsOn, post, Screen } from './world.ts';

/** Somebody with a camera and two screens. */
async function join(
  sim: Simulation,
  conference: Conference,
  name: number,
): Promise<{ connection: RTCPeerConnection; screens: Screen[] }> {
  const connection = connectionsOn(sim, `192.0.2.${10 + name}`, { delay: 10 })();
  connection.addTrack(new Camera(sim, name).track);
  const screens = [0, 1].map(() => new Screen(connection.addTransceiver('video', { direction: 'recvonly' }).receiver));
  await sim.until(post(connection, (offer) => conference.join(offer)));
  return { connection, screens };
}

const seen = (screens: readonly Screen[]): number[] => screens.flatMap(({ cameras }) => cameras).sort();

describe('a call of three', () => {
  it(
    'shows everybody to everybody else',
    story(async (sim) => {
      const conference = new Conference(connectionsOn(sim, '192.0.2.1', { delay: 5 }));
      const parties = [await join(sim, conference, 1), await join(sim, conference, 2), await join(sim, conference, 3)];
      await sim.run(() => parties.every(({ screens }) => screens.every(({ frames }) => frames > 20)), {
        timeout: 15_000,
      });
      expect(parties.map(({ screens }) => seen(screens))).toEqual([
        [2, 3],
        [1, 3],
        [1, 2],
      ]);
      for (const { screens } of parties) for (const { firstIsKey } of screens) expect(firstIsKey).toBe(true);
      conference.close();
      for (const { connection } of parties) connection.close();
    }),
  );

  it(
    'gives the seat of who leaves to who comes',
    story(async (sim) => {
      const conference = new Conference(connectionsOn(sim, '192.0.2.1', { delay: 5 }));
      const parties = [await join(sim, conference, 1), await join(sim, conference, 2), await join(sim, conference, 3)];
      const [first, second] = parties;
      await sim.run(() => parties.every(({ screens }) => screens.every(({ frames }) => frames > 5)), {
        timeout: 15_000,
      });
      parties[2]!.connection.close();
      await sim.run(() => conference.size === 2, { timeout: 20_000 });
      parties.push(await join(sim, conference, 4));
      await sim.run(() => seen(first!.screens).includes(4) && seen(second!.screens).includes(4), { timeout: 15_000 });
      expect(seen(first!.screens)).toEqual([2, 3, 4]);
      expect(seen(second!.screens)).toEqual([1, 3, 4]);
      await sim.run(() => seen(parties[3]!.screens).length === 2, { timeout: 15_000 });
      expect(seen(parties[3]!.screens)).toEqual([1, 2]);
      conference.close();
      for (const { connection } of parties) connection.close();
    }),
  );
});
