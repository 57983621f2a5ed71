import { afterEach, describe, expect, it } from 'vitest';
import { type RTCPeerConnection, TcpMux, UdpMux } from '../../src/index.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

function mux(): Promise<UdpMux> {
  const { alice: network, clock } = world;
  return world.until(UdpMux.listen({ network, clock, port: 5000 }));
}

async function opened(a: RTCPeerConnection, b: RTCPeerConnection) {
  trickle(a, b);
  const channel = a.createDataChannel('x');
  const received: unknown[] = [];
  b.ondatachannel = ({ channel: other }) => {
    other.onmessage = ({ data }) => received.push(data);
  };
  await world.until(negotiate(a, b));
  await world.run(() => channel.readyState === 'open');
  return { channel, received };
}

describe('connections on one UDP port', () => {
  it('work beside each other, restart, and leave nothing on it', async () => {
    const udpMux = await mux();
    const pairs = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const server = world.connection(world.alice, {}, { udpMux });
        const client = world.connection(world.bob);
        return { server, client, ...(await opened(client, server)), i };
      }),
    );
    for (const { channel, i } of pairs) channel.send(`${i}`);
    await world.run(() => pairs.every(({ received }) => received.length === 1));
    expect(pairs.map(({ received }) => received[0])).toEqual(pairs.map(({ i }) => `${i}`));
    for (const { server } of pairs) expect(server.localDescription?.sdp).toMatch(/ 198\.51\.100\.1 5000 typ host/);
    expect(world.alice.openSockets).toBe(1);

    const [one] = pairs;
    if (one === undefined) throw new Error('no pair');
    one.client.restartIce();
    await world.until(negotiate(one.client, one.server));
    one.channel.send('after the restart');
    await world.run(() => one.received.length === 2);

    for (const { server, client } of pairs) {
      server.close();
      client.close();
    }
    expect(udpMux.connections).toBe(0);
    udpMux.close();
    expect(world.alice.openSockets).toBe(0);
  });

  it('have credentials of their own for each transport', async () => {
    const udpMux = await mux();
    const server = world.connection(world.alice, { bundlePolicy: 'max-compat' }, { udpMux });
    server.createDataChannel('x');
    server.addTransceiver('audio');
    await world.until(server.setLocalDescription());
    const fragments = [...(server.localDescription?.sdp ?? '').matchAll(/a=ice-ufrag:(.*)/g)].map(([, one]) => one);
    expect(new Set(fragments).size).toBe(2);
    await world.run(() => server.iceGatheringState === 'complete');
    expect(server.localDescription?.sdp.match(/ 5000 typ host/g)).toHaveLength(2);
    udpMux.close();
  });

  it('hear that the port was closed', async () => {
    const udpMux = await mux();
    const server = world.connection(world.alice, {}, { udpMux, disconnectedTimeout: 2000, failedTimeout: 4000 });
    const client = world.connection(world.bob);
    await opened(client, server);
    udpMux.close();
    await world.run(() => server.connectionState !== 'connected');
  });
});

it('connections on one TCP port work where UDP does not get through', async () => {
  world.sim.internet.filter = ({ protocol }) => protocol === 'tcp';
  const { alice: network, clock } = world;
  const tcpMux = await world.until(TcpMux.listen({ network, clock, port: 443 }));
  for (let i = 0; i < 3; i++) {
    const server = world.connection(world.alice, {}, { tcpMux });
    const client = world.connection(world.bob, {}, { tcpCandidates: ['active'] });
    const { channel, received } = await opened(client, server);
    channel.send('over one port');
    await world.run(() => received.length === 1);
    expect(client.sctp?.transport.iceTransport.getSelectedCandidatePair()?.remote).toMatchObject({
      protocol: 'tcp',
      port: 443,
    });
  }
  tcpMux.close();
});
