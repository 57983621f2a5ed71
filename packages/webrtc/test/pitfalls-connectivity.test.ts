import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { errorName, World } from './helpers/world.ts';
import { turnServer } from './relay/turn-world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

describe('what went wrong in other stacks with ICE, STUN and TURN', () => {
  it('every STUN server and every TURN server of the list is used, over TCP too', async () => {
    const turn = ['198.51.100.10', '198.51.100.20'];
    for (const address of turn) await turnServer(world.sim, { addresses: [address] });
    const inside = world.sim.host({
      addresses: ['192.168.1.2'],
      network: world.sim.nat({ type: 'symmetric', address: '203.0.113.7' }),
    });
    const connection = world.connection(inside, {
      iceServers: [
        ...turn.map((one) => ({ urls: `stun:${one}` })),
        { urls: turn.flatMap((one) => [`turn:${one}`, `turn:${one}?transport=tcp`]), username: 'u', credential: 'p' },
      ],
    });
    const found: string[] = [];
    connection.onicecandidate = ({ candidate }) => {
      const { type, address, url, relayProtocol } = candidate ?? {};
      // Behind such a NAT each server sees another port.
      if (type === 'srflx') found.push(`${type} ${url}`);
      if (type === 'relay') found.push(`${type} ${address} ${relayProtocol}`);
    };
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    for (const one of turn) {
      expect(found.some((text) => text.startsWith(`srflx stun:${one}`))).toBe(true);
      expect(found).toContain(`relay ${one} udp`);
      expect(found).toContain(`relay ${one} tcp`);
    }
  });

  it.each([
    [/a=ice-ufrag:.*/, 'a=ice-ufrag:abc'],
    [/a=ice-ufrag:.*/, `a=ice-ufrag:${'a'.repeat(257)}`],
    [/a=ice-ufrag:.*/, 'a=ice-ufrag:a b c d'],
    [/a=ice-pwd:.*/, 'a=ice-pwd:short'],
    [/a=ice-pwd:.*/, `a=ice-pwd:${'p'.repeat(257)}`],
  ])('a remote fragment or password that cannot be is refused and harms nothing: %s %s', async (from, to) => {
    const [a, b] = world.pair();
    const channel = a.createDataChannel('x');
    const offer = await world.until(a.createOffer());
    await world.until(a.setLocalDescription(offer));
    const sdp = `${offer.sdp}`.replace(from, to);
    expect(await errorName(() => world.until(b.setRemoteDescription({ type: 'offer', sdp })))).toMatch(/Error$/);
    await world.until(b.setRemoteDescription({ type: 'offer', sdp: `${offer.sdp}` }));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.run(() => channel.readyState === 'open');
  });

  it('every option that exists is in a test', () => {
    const source = readFileSync(new URL('../src/kaon-options.ts', import.meta.url), 'utf8');
    const relay = readFileSync(new URL('../src/relay/types.ts', import.meta.url), 'utf8');
    const body = relay.slice(relay.indexOf('interface RelayOptions'), relay.indexOf('interface RelayedAbout'));
    const options = [...`${source}${body}`.matchAll(/^\s+readonly (\w+)\?:/gm)].map(([, name]) => name!);
    expect(options.length).toBeGreaterThan(40);
    const folder = new URL('.', import.meta.url);
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && !path.startsWith('pitfalls-'))
      .map((path) => readFileSync(new URL(path, folder), 'utf8'))
      .join('\n');
    // As a member of an object, not merely as a word.
    expect(options.filter((option) => !new RegExp(`\\b${option}\\s*[:,}]`).test(tests))).toEqual([]);
  });
});
