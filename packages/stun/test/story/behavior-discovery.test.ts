import type { DatagramCore } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { type Host, type NatTableOptions, type Simulation, story } from '@kaon/testing';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  BehaviorDiscovery,
  type BehaviorDiscoveryClientOptions,
  type BehaviorDiscoveryEvent,
  BindingResponder,
  type NatBehavior,
} from '../../src/index.ts';

const PRIMARY = { address: '198.51.100.1', family: 'IPv4', port: 3478 } as const;
const ALTERNATE = { address: '198.51.100.2', family: 'IPv4', port: 3479 } as const;

/** Runs a core over simulated sockets. */
function drive<E extends { readonly type: string }>(sim: Simulation, core: DatagramCore<E>, sockets: UdpSocket[]): E[] {
  const events: E[] = [];
  const slot = new Slot(1200);
  const timer = sim.clock.timer(() => {
    core.handleTimeout(sim.clock.now());
    pump();
  });
  const pump = (): void => {
    const now = sim.clock.now();
    for (slot.reset(); core.pollTransmit(slot, now); slot.reset()) {
      const socket = sockets.find(
        ({ local }) => local.address === slot.path?.local.address && local.port === slot.path.local.port,
      );
      socket?.send(slot.buffer, slot.start, slot.end, slot.path!.remote);
    }
    for (let event = core.pollEvent(); event !== undefined; event = core.pollEvent()) events.push(event);
    timer.reset(core.pollTimeout());
  };
  for (const socket of sockets) {
    socket.onDatagram = (bytes, remote) => {
      core.handleDatagram(bytes, { protocol: 'udp', local: socket.local, remote }, sim.clock.now());
      pump();
    };
  }
  pump();
  return events;
}

async function serve(sim: Simulation, discovery = true): Promise<void> {
  const host = sim.host({ name: 'server', addresses: [PRIMARY.address, ALTERNATE.address], link: { delay: 10 } });
  const places = [PRIMARY, ALTERNATE].flatMap(({ address }) =>
    [PRIMARY, ALTERNATE].map(({ port }) => ({ address, port })),
  );
  const sockets = await Promise.all(places.map((place) => host.bindUdp(place)));
  const behaviorDiscovery = { primary: PRIMARY, alternate: ALTERNATE };
  drive(sim, new BindingResponder(discovery ? { behaviorDiscovery } : {}), sockets);
}

async function ask(
  sim: Simulation,
  host: Host,
  address: string,
  options: Partial<BehaviorDiscoveryClientOptions> = {},
): Promise<BehaviorDiscoveryEvent> {
  const sockets = await Promise.all([host.bindUdp({ address }), host.bindUdp({ address })]);
  const core = new BehaviorDiscovery({
    sockets: [sockets[0].local, sockets[1].local],
    server: PRIMARY,
    random: sim.random.fork('ids'),
    now: sim.clock.now(),
    ...options,
  });
  const events = drive(sim, core, sockets);
  await sim.run(() => events.length > 0, { timeout: 3_600_000 });
  expect(core.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  return events[0] as BehaviorDiscoveryEvent;
}

async function behind(
  sim: Simulation,
  nat: Partial<NatTableOptions> & { hairpinning?: boolean },
  options: Partial<BehaviorDiscoveryClientOptions> = {},
): Promise<NatBehavior> {
  await serve(sim);
  const network = sim.nat({ ...nat, addresses: ['203.0.113.7'] });
  const host = sim.host({ name: 'inside', addresses: ['192.168.1.2'], network });
  const event = await ask(sim, host, '192.168.1.2', options);
  if (event.type !== 'finished') throw event.error;
  return event.behavior;
}

describe('what a NAT does', () => {
  for (const mapping of ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const)
    for (const filtering of ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const)
      it(
        `${mapping} mapping and ${filtering} filtering are told apart`,
        story(async (sim) => {
          const found = await behind(sim, { mapping, filtering });
          expect(found).toMatchObject({ mapping, filtering, mapped: { address: '203.0.113.7' }, lifetime: undefined });
        }),
      );

  it.each([true, false])('hairpinning %s is seen', (hairpinning) =>
    story(async (sim) => {
      expect((await behind(sim, { type: 'full-cone', hairpinning })).hairpinning).toBe(hairpinning);
    })(),
  );

  it(
    'the life of an idle mapping is found between two times that are close',
    story(async (sim) => {
      const { lifetime } = await behind(
        sim,
        { type: 'port-restricted', mappingTimeout: 47_000 },
        { lifetimeUpTo: 300_000 },
      );
      expect(lifetime?.atLeast).toBeLessThanOrEqual(47_000);
      expect(lifetime?.lessThan).toBeGreaterThanOrEqual(46_000);
      expect((lifetime?.lessThan ?? 0) - (lifetime?.atLeast ?? 0)).toBeLessThanOrEqual(300_000 / 64);
    }),
  );

  it(
    'a mapping that outlives the longest wait is said to',
    story(async (sim) => {
      const { lifetime } = await behind(sim, { mappingTimeout: 1_000_000 }, { lifetimeUpTo: 60_000 });
      expect(lifetime).toEqual({ atLeast: 60_000, lessThan: Number.POSITIVE_INFINITY });
    }),
  );

  it(
    'without a NAT there is no mapping, and lost packets do not change what is found',
    story(async (sim) => {
      await serve(sim);
      const host = sim.host({ name: 'outside', addresses: ['203.0.113.9'], link: { delay: 5, loss: 0.1 } });
      expect(await ask(sim, host, '203.0.113.9', { rc: 10 })).toEqual({
        type: 'finished',
        behavior: {
          mapped: expect.objectContaining({ address: '203.0.113.9' }),
          mapping: 'none',
          filtering: 'endpoint-independent',
          hairpinning: undefined,
          lifetime: undefined,
        },
      });
    }),
  );
});

describe('what cannot be asked', () => {
  it(
    'a server without a second address says so',
    story(async (sim) => {
      await serve(sim, false);
      const host = sim.host({ name: 'outside', addresses: ['203.0.113.9'] });
      expect(await ask(sim, host, '203.0.113.9')).toMatchObject({
        type: 'failed',
        error: { code: 'STUN_BAD_RESPONSE', message: expect.stringContaining('RFC 5780') },
      });
    }),
  );

  it(
    'a server that is not there times out',
    story(async (sim) => {
      const host = sim.host({ name: 'outside', addresses: ['203.0.113.9'] });
      expect(await ask(sim, host, '203.0.113.9')).toMatchObject({ type: 'failed', error: { code: 'STUN_TIMEOUT' } });
    }),
  );

  it('options that make no sense are refused', () => {
    const make = (options: Partial<BehaviorDiscoveryClientOptions>) => () =>
      new BehaviorDiscovery({
        sockets: [
          { address: '10.0.0.1', family: 'IPv4', port: 1000 },
          { address: '10.0.0.1', family: 'IPv4', port: 1001 },
        ],
        server: PRIMARY,
        random: (bytes) => bytes,
        now: 0,
        ...options,
      });
    expect(make({ server: { address: '::1', family: 'IPv6', port: 3478 } })).toThrow('families');
    const one = { address: '10.0.0.1', family: 'IPv4', port: 1000 } as const;
    expect(make({ sockets: [one, one] })).toThrow('one');
    expect(make({ rto: -1 })).toThrow();
  });

  it(
    'strangers and garbage change nothing',
    story(async (sim) => {
      await serve(sim);
      const host = sim.host({ name: 'outside', addresses: ['203.0.113.9'] });
      const stranger = sim.host({ name: 'stranger', addresses: ['203.0.113.66'] });
      const noise = await stranger.bindUdp({ address: '203.0.113.66' });
      const bytes = new Uint8Array(200);
      for (let port = 49_152; port < 49_160; port++)
        for (let length = 0; length < 60; length += 7) {
          sim.random(bytes);
          noise.send(bytes, 0, length, { address: '203.0.113.9', family: 'IPv4', port });
        }
      expect(await ask(sim, host, '203.0.113.9')).toMatchObject({ type: 'finished', behavior: { mapping: 'none' } });
    }),
  );
});
