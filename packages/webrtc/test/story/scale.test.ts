import { nodeCrypto } from '@kaon/runtime/node';
import { Simulation } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type RTCDataChannel, RTCPeerConnection, UdpMux } from '../../src/index.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';

const CONNECTIONS = 500;
/** Connected at a time. */
const AT_ONCE = 100;

describe('500 connections on one UDP port', () => {
  it('come about, keep consent for five minutes, still carry data, and leave nothing when they are closed', async () => {
    const world = new World({ delay: 5 }, new Simulation());
    const { sim, alice: server, bob: callers, clock } = world;
    const udpMux = await world.until(UdpMux.listen({ network: server, clock, port: 5000 }));
    const certificates = [await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })];
    const ends: RTCPeerConnection[] = [];
    const channels: RTCDataChannel[] = [];
    let received = 0;
    const call = async (): Promise<void> => {
      // Not seeded: what is random here decides nothing, and a generator for each costs more than a connection.
      const common = { clock, crypto: nodeCrypto, tcpCandidates: [] };
      const caller = new RTCPeerConnection({ certificates, kaon: { ...common, network: callers } });
      const answerer = new RTCPeerConnection({ certificates, kaon: { ...common, network: server, udpMux } });
      ends.push(caller, answerer);
      trickle(caller, answerer);
      answerer.ondatachannel = ({ channel }) => {
        channel.onmessage = () => void received++;
      };
      channels.push(caller.createDataChannel('x'));
      await negotiate(caller, answerer);
    };
    for (let made = 0; made < CONNECTIONS; made += AT_ONCE) {
      await world.until(Promise.all(Array.from({ length: AT_ONCE }, call)));
      await world.run(() => channels.every(({ readyState }) => readyState === 'open'));
    }
    expect(udpMux.connections).toBe(CONNECTIONS);
    expect(server.openSockets).toBe(1);
    expect(callers.openSockets).toBe(CONNECTIONS);

    await sim.advance(5 * 60_000);
    expect(ends.filter(({ connectionState }) => connectionState !== 'connected')).toEqual([]);
    for (const end of ends) {
      const consent = await stat(end, 'candidate-pair');
      // RFC 7675 §5.1: every 5 s, more or less a fifth.
      expect(consent['consentRequestsSent']).toBeGreaterThan(45);
      expect(consent['consentRequestsSent']).toBeLessThan(80);
    }
    for (const channel of channels) channel.send('still here');
    await world.run(() => received === CONNECTIONS);

    for (const end of ends) end.close();
    await sim.advance(60_000);
    expect(udpMux.connections).toBe(0);
    // A last request that met nobody any more may be kept a while: `unknown`.
    expect(udpMux.tables).toMatchObject({ fragments: 0, addresses: 0, transactions: 0 });
    expect(callers.openSockets).toBe(0);
    expect(server.openSockets).toBe(1);
    expect(sim.clock.pending).toBe(0);
    udpMux.close();
    expect(server.openSockets).toBe(0);
  }, 240_000);
});

async function stat(connection: RTCPeerConnection, type: string): Promise<Record<string, unknown>> {
  for (const one of (await connection.getStats()).values()) {
    if (one.type === type && one.nominated !== false) return one;
  }
  throw new Error(`no ${type}`);
}
