import type { Network } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { expect, it } from 'vitest';
import { diagnose } from '../src/index.ts';
import { stunServer } from './helpers/live.ts';

/** What the process has, as far as loopback goes. */
const loopback: Network = {
  interface: nodeNetwork.interface,
  interfaces: () => nodeNetwork.interfaces().filter(({ address }) => address === '127.0.0.1'),
  bindUdp: (options) => nodeNetwork.bindUdp(options),
  resolve: (name, family) => nodeNetwork.resolve(name, family),
};

it('another network is looked at in the place of the process’s', async () => {
  const { interfaces, findings } = await diagnose({ network: loopback });
  expect(interfaces.map(({ address }) => address)).toEqual(['127.0.0.1']);
  expect(findings).toMatchObject([
    { family: 'IPv4', works: true, address: expect.stringMatching(/^127\.0\.0\.1:/) },
    { family: 'IPv6', works: false, why: 'this machine has no IPv6 address' },
  ]);
});

it('a machine that can bind nothing is told so', async () => {
  const { findings, advice } = await diagnose({
    network: { ...loopback, bindUdp: () => Promise.reject(new Error('no ports left')) },
    iceServers: [{ urls: await stunServer() }],
  });
  expect(findings).toMatchObject([
    { route: 'host', works: false, why: 'there is no candidate' },
    { route: 'host', works: false },
    { route: 'srflx', works: false, why: 'no ports left' },
  ]);
  expect(advice[0]).toBe('Not even two connections on this machine reach each other: a firewall here drops UDP.');
});

it('times are those of the clock', async () => {
  // Ten times as fast as the real one.
  const now = (): number => nodeClock.now() * 10;
  const { findings } = await diagnose({
    network: { ...loopback, bindUdp: () => new Promise(() => {}) },
    timeout: 5000,
    clock: {
      ...nodeClock,
      interface: nodeClock.interface,
      now,
      wallClock: () => nodeClock.wallClock(),
      defer: (callback) => nodeClock.defer(callback),
      timer: (callback) => {
        const timer = nodeClock.timer(callback);
        return { reset: (at) => timer.reset(at / 10), cancel: () => timer.cancel() };
      },
    },
  });
  expect(findings[0]).toMatchObject({ works: false, why: 'nothing came back within 5000 ms' });
});

it('random numbers are those of the cryptography that is given', async () => {
  let asked = 0;
  const crypto = Object.create(nodeCrypto, {
    random: {
      value: (out: Uint8Array) => {
        asked++;
        return nodeCrypto.random(out);
      },
    },
  });
  const { findings } = await diagnose({ network: loopback, crypto, iceServers: [{ urls: await stunServer() }] });
  expect(findings.filter(({ works }) => works)).toHaveLength(2);
  expect(asked).toBeGreaterThan(0);
});
