import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { run } from '@kaon/runtime';
import { BindingResponder, type NatBehavior } from '@kaon/stun';
import { NAT_KINDS, type NatKind, natKindOptions, type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { discoverNatBehavior, type NatDiscoveryOptions } from '../src/index.ts';
import { behaviorServer, nobody, stunServer } from './helpers/live.ts';

const PRIMARY = { address: '198.51.100.1', family: 'IPv4', port: 3478 } as const;
const ALTERNATE = { address: '198.51.100.2', family: 'IPv4', port: 3479 } as const;

/** A server with two addresses, both ports on both. */
async function serve(sim: Simulation): Promise<void> {
  const host = sim.host({ addresses: [PRIMARY.address, ALTERNATE.address], link: { delay: 10 } });
  const places = [PRIMARY, ALTERNATE].flatMap(({ address }) =>
    [PRIMARY, ALTERNATE].map(({ port }) => ({ address, port })),
  );
  const sockets = await Promise.all(places.map((place) => host.bindUdp(place)));
  const responder = new BindingResponder({ behaviorDiscovery: { primary: PRIMARY, alternate: ALTERNATE } });
  run(responder, { clock: sim.clock, sockets, onEvent: () => {} });
}

/** What is found out from behind such a NAT. */
async function seenBehind(
  sim: Simulation,
  kind: NatKind,
  options: Partial<NatDiscoveryOptions> = {},
): Promise<NatBehavior> {
  await serve(sim);
  const nat = natKindOptions(kind);
  const host =
    nat === undefined
      ? sim.host({ addresses: ['203.0.113.7'] })
      : sim.host({ addresses: ['192.168.1.2'], network: sim.nat({ ...nat, address: '203.0.113.7' }) });
  const random: CryptoProvider['random'] = sim.random.fork('ids');
  const discovery = discoverNatBehavior({
    server: `stun:${PRIMARY.address}`,
    network: host,
    clock: sim.clock,
    crypto: { random },
    ...options,
  });
  let settled = false;
  const done = (): void => {
    settled = true;
  };
  discovery.then(done, done);
  await sim.run(() => settled, { timeout: 3_600_000 });
  return discovery;
}

const EXPECTED: Readonly<Record<Exclude<NatKind, 'udp-blocked'>, Partial<NatBehavior>>> = {
  none: { mapping: 'none', filtering: 'endpoint-independent', hairpinning: undefined },
  'full-cone': { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  'address-restricted': { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  'port-restricted': { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
  symmetric: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
};

describe('discoverNatBehavior', () => {
  for (const kind of NAT_KINDS) {
    if (kind === 'udp-blocked') continue;
    it(
      `tells what is on the way: ${kind}`,
      story(async (sim) => {
        const found = await seenBehind(sim, kind);
        expect(found).toMatchObject({ ...EXPECTED[kind], mapped: { address: '203.0.113.7' } });
      }),
    );
  }

  it(
    'rejects where UDP does not get out, and leaves nothing behind',
    story(async (sim) => {
      await expect(seenBehind(sim, 'udp-blocked')).rejects.toMatchObject({ code: 'STUN_TIMEOUT' });
    }),
  );

  it(
    'measures the life of an idle mapping only when it is asked to, and no longer than it is told',
    story(async (sim) => {
      expect((await seenBehind(sim, 'port-restricted', { lifetimeUpTo: 10_000 })).lifetime).toEqual({
        atLeast: 10_000,
        lessThan: Number.POSITIVE_INFINITY,
      });
    }),
  );

  it('works over real sockets', async () => {
    expect(await discoverNatBehavior({ server: await behaviorServer() })).toEqual({
      mapped: { address: '127.0.0.1', family: 'IPv4', port: expect.any(Number) },
      mapping: 'none',
      filtering: 'endpoint-independent',
      hairpinning: undefined,
      lifetime: undefined,
    });
  });

  it('asks from the address that it is told', async () => {
    const { mapped } = await discoverNatBehavior({ server: await behaviorServer(), localAddress: '127.0.0.3' });
    expect(mapped.address).toBe('127.0.0.3');
  });

  it('rejects when the server has one address, or is none', async () => {
    await expect(discoverNatBehavior({ server: await stunServer() })).rejects.toMatchObject({
      code: 'STUN_BAD_RESPONSE',
    });
    await expect(discoverNatBehavior({ server: await nobody('turn') })).rejects.toMatchObject({
      code: 'STUN_INVALID_ARGUMENT',
    });
    await expect(discoverNatBehavior({ server: 'stun:127.0.0.1', family: 'IPv6' })).rejects.toThrow();
    await expect(discoverNatBehavior({ server: 'stun:127.0.0.1', localAddress: '::1' })).rejects.toMatchObject({
      code: 'STUN_INVALID_ARGUMENT',
    });
  });
});
