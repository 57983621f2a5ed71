import { type Host, NAT_KINDS, type NatKind, natKindOptions, Simulation } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import type { RTCPeerConnection } from '../../src/index.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';
import { turnServer } from '../relay/turn-world.ts';

/** How the two sides reach each other: what their own end of the chosen pair is. */
interface Route {
  readonly types: readonly [string, string];
  /** Virtual ms from the first description to the open channel. */
  readonly time: number;
}

function hostBehind(sim: Simulation, kind: NatKind, last: number): Host {
  const link = { delay: 5 };
  const options = natKindOptions(kind);
  if (options === undefined) return sim.host({ name: `host${last}`, addresses: [`203.0.113.${last}`], link });
  const network = sim.nat({ ...options, address: `203.0.113.${last}`, link: { delay: 5 } });
  return sim.host({ name: `host${last}`, addresses: [`192.168.${last}.2`], network, link });
}

async function routeOf(a: NatKind, b: NatKind): Promise<Route> {
  const sim = new Simulation();
  const world = new World({ delay: 5 }, sim);
  await turnServer(sim, { addresses: ['198.51.100.10'], host: { link: { delay: 10 } } });
  const iceServers = [
    { urls: 'stun:198.51.100.10' },
    { urls: ['turn:198.51.100.10', 'turn:198.51.100.10?transport=tcp'], username: 'u', credential: 'p' },
  ];
  const [first, second] = [hostBehind(sim, a, 1), hostBehind(sim, b, 2)].map((host) =>
    world.connection(host, { iceServers }),
  ) as [RTCPeerConnection, RTCPeerConnection];
  trickle(first, second);
  const begun = sim.clock.now();
  const channel = first.createDataChannel('x');
  let received = 0;
  second.ondatachannel = ({ channel: other }) => {
    other.onmessage = () => void received++;
  };
  await world.until(negotiate(first, second));
  await world.run(() => channel.readyState === 'open', 10_000);
  const time = sim.clock.now() - begun;
  for (let i = 0; i < 20; i++) channel.send(new Uint8Array(10_000));
  await world.run(() => received === 20);
  const types = [first, second].map((one) => {
    const local = one.sctp?.transport.iceTransport.getSelectedCandidatePair()?.local;
    return `${local?.type}${local?.relayProtocol === 'tcp' ? ' over tcp' : ''}`;
  }) as [string, string];
  world.close();
  await sim.advance(10_000);
  return { types, time };
}

/** What a side's own candidate looks like when packets go straight to the other side, or to its relay. */
function direct(kind: NatKind): string {
  // A symmetric NAT shows another address to the peer than to the STUN server.
  return kind === 'none' ? 'host' : kind === 'symmetric' ? 'prflx' : 'srflx';
}

/** By RFC 4787: a symmetric NAT is reached by those who do not look at the port. */
function needsRelay(a: NatKind, b: NatKind): boolean {
  const strict = (kind: NatKind): boolean => kind === 'symmetric' || kind === 'port-restricted';
  return (a === 'symmetric' && strict(b)) || (b === 'symmetric' && strict(a));
}

function expected(a: NatKind, b: NatKind): readonly (readonly [string, string])[] {
  const blocked = 'relay over tcp';
  if (a === 'udp-blocked' || b === 'udp-blocked')
    return [[a === 'udp-blocked' ? blocked : direct(a), b === 'udp-blocked' ? blocked : direct(b)]];
  if (!needsRelay(a, b)) {
    // A peer in the open may tell us our mapped address before the STUN server does.
    if (a === 'none' && b !== 'none')
      return [
        ['host', direct(b)],
        ['host', 'prflx'],
      ];
    if (b === 'none' && a !== 'none')
      return [
        [direct(a), 'host'],
        ['prflx', 'host'],
      ];
    return [[direct(a), direct(b)]];
  }
  // One relay will do, whosoever.
  return [
    ['relay', direct(b)],
    [direct(a), 'relay'],
  ];
}

describe.each(NAT_KINDS)('from %s', (a) => {
  it.each(NAT_KINDS)('to %s the shortest way that there is', async (b) => {
    const { types, time } = await routeOf(a, b);
    expect(expected(a, b)).toContainEqual(types);
    expect(time).toBeLessThan(types.some((type) => type.startsWith('relay')) ? 2000 : 1000);
  });
});
