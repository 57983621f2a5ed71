import { Simulation } from '@kaon/testing';
import { type RTCDataChannel, RTCPeerConnection, UdpMux } from '@kaon/webrtc';
import { expect, it } from 'vitest';
import { acceptDirect, dialDirect } from '../src/direct.ts';
import { SinglePortServer } from '../src/server.ts';
import { certificates, kaonOn } from './world.ts';

const SERVER = '198.51.100.1';

function client(sim: Simulation, number: number): RTCPeerConnection {
  const host = sim.host({ addresses: [`203.0.113.${number}`], link: { delay: 5 } });
  return new RTCPeerConnection({ certificates: certificates.slice(1), kaon: kaonOn(sim, host) });
}

/** What comes back. */
function echo(channel: RTCDataChannel, text: string): { data: unknown } {
  const heard: { data: unknown } = { data: undefined };
  channel.onopen = () => channel.send(text);
  channel.onmessage = ({ data }) => {
    heard.data = data;
  };
  return heard;
}

it('answers everybody on one port, over UDP, and over TCP where nothing else passes', async () => {
  const sim = new Simulation();
  const host = sim.host({ addresses: [SERVER], link: { delay: 5 } });
  const server = await sim.until(SinglePortServer.listen({ port: 5000, kaon: kaonOn(sim, host) }));
  const clients: RTCPeerConnection[] = [];
  const call = async (number: number): Promise<{ data: unknown }> => {
    const connection = client(sim, number);
    clients.push(connection);
    const heard = echo(connection.createDataChannel('echo'), `hello ${number}`);
    await connection.setLocalDescription();
    const sdp = await server.answer(connection.localDescription?.sdp ?? '');
    expect([...sdp.matchAll(/^a=candidate:\S+ 1 (udp|tcp) .* 5000 typ host/gim)].map(([, one]) => one)).toHaveLength(2);
    await connection.setRemoteDescription({ type: 'answer', sdp });
    return heard;
  };
  const heard = await sim.until(Promise.all([1, 2, 3, 4, 5].map(call)));
  await sim.run(() => heard.every(({ data }) => data !== undefined), { timeout: 60_000 });
  expect(heard.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5].map((number) => `hello ${number}`));
  expect([server.udpMux.connections, server.tcpMux.connections]).toEqual([5, 5]);

  sim.internet.filter = ({ protocol }) => protocol === 'tcp';
  const byTcp = await sim.until(call(6));
  await sim.run(() => byTcp.data === 'hello 6', { timeout: 60_000 });

  for (const connection of clients) connection.close();
  server.close();
  expect(server.connections).toBe(0);
  await sim.run(() => host.openSockets === 0, { timeout: 60_000 });
});

it('refuses what is no offer, and keeps nothing of it', async () => {
  const sim = new Simulation();
  const host = sim.host({ addresses: [SERVER], link: { delay: 5 } });
  const server = await sim.until(SinglePortServer.listen({ port: 5000, kaon: kaonOn(sim, host) }));
  await expect(sim.until(server.answer('nonsense'))).rejects.toThrow();
  expect([server.connections, server.udpMux.connections]).toEqual([0, 0]);
  server.close();
});

it('answers peers it has not met', async () => {
  const sim = new Simulation();
  const host = sim.host({ addresses: [SERVER], link: { delay: 5 } });
  const kaon = kaonOn(sim, host);
  const udpMux = await sim.until(UdpMux.listen({ port: 4001, network: host, clock: kaon.clock }));
  const accepted: RTCPeerConnection[] = [];
  const [certificate] = certificates;
  if (certificate === undefined) throw new Error('no certificate');
  acceptDirect(
    udpMux,
    certificate,
    (connection) => {
      accepted.push(connection);
      connection.ondatachannel = ({ channel }) => {
        channel.onmessage = ({ data }) => channel.send(data);
      };
    },
    { kaon },
  );
  const [fingerprint] = certificate.getFingerprints();
  const callers = [client(sim, 1), client(sim, 2)];
  const heard = callers.map((caller, index) => echo(caller.createDataChannel('noise'), `hello ${index}`));
  for (const caller of callers) {
    await sim.until(
      dialDirect(caller, {
        address: SERVER,
        port: 4001,
        fingerprint: { algorithm: fingerprint?.algorithm ?? '', value: fingerprint?.value ?? '' },
      }),
    );
  }
  await sim.run(() => heard.every(({ data }) => data !== undefined), { timeout: 60_000 });
  expect(heard.map(({ data }) => data)).toEqual(['hello 0', 'hello 1']);
  expect(accepted).toHaveLength(2);
  expect(host.openSockets).toBe(1);
  // Which certificate the caller has is seen afterwards.
  expect(accepted.map(({ sctp }) => sctp?.transport.getRemoteCertificates().length)).toEqual([1, 1]);
  for (const connection of [...callers, ...accepted]) connection.close();
  expect(udpMux.connections).toBe(0);
  udpMux.close();
});
