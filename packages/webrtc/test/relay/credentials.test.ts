import { nodeCrypto } from '@kaon/runtime/node';
import { type Host, type Simulation, story } from '@kaon/testing';
import { sealAccessToken, timeLimitedCredentials } from '@kaon/turn/server';
import { describe, expect, it } from 'vitest';
import { opened } from './client.ts';
import { turnServer } from './turn-world.ts';

const SERVER = '198.51.100.10';
const URL = `turn:${SERVER}`;
const client = (sim: Simulation): Host => sim.host({ name: 'client', addresses: ['203.0.113.1'] });

describe('time-limited credentials', () => {
  it(
    'allocate, and are refused with 401 once they have expired',
    story(async (sim) => {
      const wallClock = (): number => sim.clock.wallClock();
      await turnServer(sim, { addresses: [SERVER], server: { secrets: ['s'], authenticate: undefined, wallClock } });
      const alice = client(sim);
      const credentials = timeLimitedCredentials('s', 'alice', 60, wallClock());
      const good = await opened(sim, alice, [{ url: URL, ...credentials }]);
      expect(good.about.map(({ url }) => url)).toEqual([URL]);
      await sim.advance(61_000);
      const expired = await opened(sim, alice, [{ url: URL, ...credentials }]);
      expect(expired.errors).toMatchObject([{ errorCode: 401, errorText: 'Unauthorized', address: '203.0.113.1' }]);
    }),
  );
});

describe('tokens of an authorization server', () => {
  const key = { kid: 'k1', key: new Uint8Array(32).fill(7) };
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

  it(
    'allocate, and are refused when they are expired, of another key, or no base64',
    story(async (sim) => {
      const wallClock = (): number => sim.clock.wallClock();
      const oauth = { serverName: 'turn.example', keys: [key] };
      const server = { oauth, authenticate: undefined, wallClock, crypto: nodeCrypto };
      await turnServer(sim, { addresses: [SERVER], server });
      const macKey = sim.random.bytes(20);
      const token = (timestamp: number): string => {
        const content = { macKey, timestamp, lifetime: 60 };
        return base64(sealAccessToken(content, key, 'turn.example', nodeCrypto, sim.random));
      };
      const alice = client(sim);
      const result = async (accessToken: string, mac = base64(macKey)): Promise<unknown> => {
        const credential = { macKey: mac, accessToken };
        const told = await opened(sim, alice, [{ url: URL, username: 'k1', credential }]);
        told.relays.close();
        return told.errors[0]?.errorCode ?? told.about.length;
      };
      expect(await result(token(wallClock()))).toBe(1);
      expect(await result(token(wallClock() - 3_600_000))).toBe(401);
      expect(await result(token(wallClock()), base64(new Uint8Array(20)))).toBe(401);
      expect(await result('%%%')).toBe(701);
      await sim.advance(2000);
      expect(alice.openSockets).toBe(0);
    }),
  );
});

describe('trace', () => {
  it(
    'tells of allocations, failures and losses',
    story(async (sim) => {
      const names: string[] = [];
      const trace = ({ name }: { readonly name: string }): void => {
        if (name.startsWith('webrtc:')) names.push(name);
      };
      const server = await turnServer(sim, { addresses: [SERVER] });
      await opened(sim, client(sim), [`${URL}?transport=tcp`, 'turn:not.example'], { trace });
      server.kill();
      await sim.advance(100);
      expect(names).toEqual(['webrtc:relay-failed', 'webrtc:relay-allocated', 'webrtc:relay-lost']);
    }),
  );
});
