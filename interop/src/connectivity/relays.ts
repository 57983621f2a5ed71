import assert from 'node:assert/strict';
import type { RTCConfiguration, RTCPeerConnection } from '@kaon/webrtc';
import { digestOfPayload } from '../agent/payload.ts';
import type { PeerConfiguration } from '../agent/protocol.ts';
import type { Link } from '../link.ts';
import { bothWays, flowsBothWays } from '../media-scenarios/calls.ts';
import { exchange } from '../scenario.ts';
import { certificateFiles } from '../turn/certificate.ts';
import { startKaon, TRANSPORTS, type TurnService, type TurnTransport, turnService } from '../turn/servers.ts';
import type { ConnectivityScenario } from './scenario.ts';

const MAKES = [
  ['coturn', 'coturn'],
  ['kaon', "Kaon's server"],
] as const;

const NAMES: Readonly<Record<TurnTransport, string>> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', dtls: 'DTLS' };

/** What a peer can speak to a TURN server; by UDP when it cannot do better. */
function transportOf(peer: string, wanted: TurnTransport): TurnTransport {
  if (peer === 'werift') return wanted === 'tcp' ? 'tcp' : 'udp';
  // Browsers have no TURN over DTLS.
  if (wanted === 'dtls' && peer !== 'pion') return 'udp';
  return wanted;
}

/** werift that offers gives up when it has gathered and no candidate of the other side is there yet. */
function trickles(peer: string): boolean {
  return peer !== 'werift';
}

/** Kaon relays by this transport, and believes no certificate but the run's. */
function ours(service: TurnService, transport: TurnTransport, family: 'IPv4' | 'IPv6' = 'IPv4'): RTCConfiguration {
  const { username, credential } = service;
  return {
    iceServers: [{ urls: service.url(transport, { family }), username, credential }],
    iceTransportPolicy: 'relay',
    kaon: { relay: { tls: { trustedCertificates: [certificateFiles().pem] } } },
  };
}

function theirs(
  service: TurnService,
  peer: string,
  wanted: TurnTransport,
  family: 'IPv4' | 'IPv6' = 'IPv4',
): PeerConfiguration {
  const { username, credential } = service;
  const transport = transportOf(peer, wanted);
  // Firefox takes no certificate for an address.
  const url = service.url(transport, { family, byName: peer === 'firefox' && transport === 'tls' });
  return {
    iceServers: [{ urls: [url], username, credential }],
    iceTransportPolicy: 'relay',
    ...(family === 'IPv6' && { ipv6: true }),
  };
}

/** Data goes through, and both ends say that they relay. */
async function relays(link: Link, transport: TurnTransport): Promise<void> {
  await link.connected.wait();
  await exchange(link.first, { kind: 'text', text: 'by relay' }, { kind: 'binary', size: 200_000, seed: 3 });
  const local = selected(link.pc);
  assert.equal(local.type, 'relay', "Kaon's own candidate");
  assert.equal(local.relayProtocol, transport, 'to the server over');
  const pair = await link.remote.pair();
  assert.equal(pair.local.type, 'relay', "the peer's own candidate");
}

function selected(pc: globalThis.RTCPeerConnection) {
  const pair = (pc as unknown as RTCPeerConnection).sctp?.transport.iceTransport.getSelectedCandidatePair();
  if (!pair) throw new Error('no pair is selected');
  return pair.local;
}

const byTransport: readonly ConnectivityScenario[] = MAKES.flatMap(([make, title]) =>
  TRANSPORTS.map((transport) => ({
    id: `relay-${make}-${transport}`,
    title: `both relayed by ${title}, Kaon over ${NAMES[transport]}`,
    async run({ peer, connect }) {
      const service = await turnService(make);
      const link = await connect({
        kaon: ours(service, transport),
        peer: theirs(service, peer, transport),
        trickle: trickles(peer),
      });
      await relays(link, transport);
    },
  })),
);

const byIpv6: readonly ConnectivityScenario[] = MAKES.map(([make, title]) => ({
  id: `relay-${make}-ipv6`,
  title: `both relayed by ${title}, asked over IPv6`,
  async run({ peer, connect }) {
    const service = await turnService(make);
    const link = await connect({
      kaon: ours(service, 'udp', 'IPv6'),
      peer: theirs(service, peer, 'udp', 'IPv6'),
      trickle: trickles(peer),
    });
    await relays(link, 'udp');
    assert.match(selected(link.pc).url ?? '', /\[/);
  },
}));

const ourRelay: ConnectivityScenario = {
  id: 'relay-of-kaon',
  title: 'Kaon relayed, the peer not',
  async run({ connect }) {
    const link = await connect({ kaon: ours(await turnService('kaon'), 'udp') });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'one relay' });
    assert.equal(selected(link.pc).type, 'relay');
  },
};

const ourIpv6Relay: ConnectivityScenario = {
  id: 'relay-of-kaon-ipv6',
  title: 'Kaon relayed from an IPv6 address, the peer not',
  async run({ connect }) {
    const kaon = ours(await turnService('kaon'), 'udp', 'IPv6');
    const link = await connect({
      kaon: { ...kaon, kaon: { ...kaon.kaon, families: ['IPv6'] } },
      peer: { ipv6: true },
    });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'one relay' });
    assert.match(selected(link.pc).address ?? '', /:/, "Kaon's relayed address");
  },
};

const theirRelay: ConnectivityScenario = {
  id: 'relay-of-peer',
  title: 'the peer relayed, Kaon not',
  async run({ peer, connect }) {
    const link = await connect({
      peer: theirs(await turnService('kaon'), peer, 'udp'),
      trickle: trickles(peer),
    });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'one relay' });
    assert.equal((await link.remote.pair()).local.type, 'relay');
  },
};

const call: ConnectivityScenario = {
  id: 'relay-call',
  title: 'audio and video both ways, both relayed',
  async run({ peer, call: begin }) {
    const service = await turnService('kaon');
    const made = await begin({ kaon: ours(service, 'udp'), peer: theirs(service, peer, 'udp') });
    await bothWays(made);
    await flowsBothWays(made);
  },
};

const wrongPassword: ConnectivityScenario = {
  id: 'relay-wrong-password',
  title: 'a wrong password is told, another server serves',
  async run({ connect }) {
    const [bad, good] = [await turnService('coturn'), await turnService('kaon')];
    const errors: [number, string][] = [];
    const kaon = ours(good, 'udp');
    kaon.iceServers?.unshift({ urls: bad.url('udp'), username: 'u', credential: 'wrong' });
    const link = await connect({
      kaon,
      prepare: (pc) => {
        pc.onicecandidateerror = ({ errorCode, errorText }) => errors.push([errorCode, errorText]);
      },
    });
    await link.connected.wait();
    await exchange(link.first, { kind: 'text', text: 'by the other server' });
    assert.equal(errors[0]?.[0], 401, `errors: ${JSON.stringify(errors)}`);
  },
};

const failover: ConnectivityScenario = {
  id: 'relay-failover',
  title: 'the TURN server in use dies, another one takes over',
  async run({ peer, connect }) {
    const mine = await Promise.all([startKaon(), startKaon()]);
    try {
      const kaon = ours(mine[0], 'udp');
      kaon.iceServers?.push(...(ours(mine[1], 'udp').iceServers ?? []));
      const link = await connect({
        kaon: { ...kaon, kaon: { ...kaon.kaon, disconnectedTimeout: 1000 } },
        peer: theirs(await turnService('kaon'), peer, 'udp'),
      });
      await relays(link, 'udp');
      const used = selected(link.pc).url;
      await mine.find((one) => one.url('udp') === used)?.stop();
      link.first.kaon.send({ kind: 'text', text: 'sent while there was no way' });
      await link.disconnected.wait();
      await link.restartIce(link.role === 'offers' ? 'kaon' : 'peer');
      const late = await link.first.peer.messages.next();
      assert.deepEqual(late, digestOfPayload({ kind: 'text', text: 'sent while there was no way' }));
      await exchange(link.first, { kind: 'binary', size: 100_000, seed: 5 });
      assert.equal(selected(link.pc).type, 'relay');
      assert.notEqual(selected(link.pc).url, used);
    } finally {
      await Promise.all(mine.map((one) => one.stop()));
    }
  },
};

export const relayScenarios: readonly ConnectivityScenario[] = [
  ...byTransport,
  ...byIpv6,
  ourRelay,
  ourIpv6Relay,
  theirRelay,
  call,
  wrongPassword,
  failover,
];
