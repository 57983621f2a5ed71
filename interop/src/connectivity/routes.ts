import assert from 'node:assert/strict';
import type { InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { nodeNetwork } from '@kaon/runtime/node';
import { type RTCPeerConnection, TcpMux, UdpMux } from '@kaon/webrtc';
import type { Link } from '../link.ts';
import { exchange } from '../scenario.ts';
import { ownAddress, secondAddress } from '../turn/addresses.ts';
import type { ConnectivityScenario, Ends } from './scenario.ts';

const isTcp = (candidate: string): boolean => / tcp /i.test(candidate);

/** What Kaon's end of the chosen pair is. */
function selected(link: Link) {
  const { sctp } = link.pc as unknown as RTCPeerConnection;
  const pair = sctp?.transport.iceTransport.getSelectedCandidatePair();
  if (!pair) throw new Error('no pair is selected');
  return pair;
}

async function works(link: Link): Promise<void> {
  await link.connected.wait();
  await exchange(link.first, { kind: 'text', text: 'this way' }, { kind: 'binary', size: 200_000, seed: 7 });
}

const tcpPassive: ConnectivityScenario = {
  id: 'tcp-passive',
  title: 'over TCP, the peer connects',
  async run({ connect }) {
    const link = await connect({
      kaon: { kaon: { tcpCandidates: ['passive'] } },
      peer: { tcp: true },
      ours: isTcp,
      theirs: isTcp,
    });
    await works(link);
    assert.equal(selected(link).local.protocol, 'tcp');
    assert.equal((await link.remote.pair()).local.protocol, 'tcp');
  },
};

const tcpActive: ConnectivityScenario = {
  id: 'tcp-active',
  title: 'over TCP, Kaon connects',
  async run({ connect }) {
    const link = await connect({ peer: { tcp: true }, ours: isTcp, theirs: isTcp });
    await works(link);
    assert.equal(selected(link).local.protocol, 'tcp');
  },
};

const tcpShared: ConnectivityScenario = {
  id: 'tcp-one-port',
  title: 'three connections over one TCP port',
  async run({ connect }) {
    const tcpMux = await TcpMux.listen({ addresses: [ownAddress('IPv4')] });
    try {
      const kaon = { kaon: { tcpMux, tcpCandidates: [] } };
      const ends = { kaon, peer: { tcp: true }, ours: isTcp, theirs: isTcp };
      const links = await Promise.all([connect(ends), connect(ends), connect(ends)]);
      for (const link of links) {
        await works(link);
        assert.equal(selected(link).local.port, tcpMux.addresses[0]?.port);
      }
    } finally {
      tcpMux.close();
    }
  },
};

const udpShared: ConnectivityScenario = {
  id: 'udp-one-port',
  title: 'three connections over one UDP port, one restarts',
  async run({ connect }) {
    const udpMux = await UdpMux.listen({ addresses: [ownAddress('IPv4')] });
    try {
      const ends = { kaon: { kaon: { udpMux } } };
      const links = await Promise.all([connect(ends), connect(ends), connect(ends)]);
      for (const link of links) {
        await works(link);
        assert.equal(selected(link).local.port, udpMux.addresses[0]?.port);
      }
      const [link] = links as [Link, ...Link[]];
      await link.restartIce('kaon');
      await exchange(link.first, { kind: 'binary', size: 100_000, seed: 8 });
    } finally {
      udpMux.close();
    }
  },
};

const lite: ConnectivityScenario = {
  id: 'lite-kaon',
  title: 'Kaon is an ICE-lite agent',
  async run({ connect }) {
    const link = await connect({ kaon: { kaon: { iceLite: true } } });
    await works(link);
    assert.match(link.pc.localDescription?.sdp ?? '', /a=ice-lite/);
    assert.equal((link.pc as unknown as RTCPeerConnection).sctp?.transport.iceTransport.role, 'controlled');
  },
};

const litePeer: ConnectivityScenario = {
  id: 'lite-peer',
  title: 'the peer is an ICE-lite agent',
  async run({ connect }) {
    const link = await connect({ peer: { lite: true } });
    await works(link);
    assert.match(link.pc.remoteDescription?.sdp ?? '', /a=ice-lite/);
  },
};

const ipv6: ConnectivityScenario = {
  id: 'ipv6',
  title: 'over IPv6',
  async run({ connect }) {
    const isIpv6 = (candidate: string): boolean => (candidate.split(' ')[4] ?? '').includes(':');
    const link = await connect({ peer: { ipv6: true }, ours: isIpv6, theirs: isIpv6 });
    await works(link);
    assert.match(selected(link).local.address ?? '', /:/);
  },
};

const renomination: ConnectivityScenario = {
  id: 'renomination',
  title: 'renomination offered',
  async run({ connect }) {
    const link = await connect({ kaon: { kaon: { renomination: true } } });
    await works(link);
    assert.match(link.pc.localDescription?.sdp ?? '', /renomination/);
  },
};

/** The process's network, of which only one address is there at a time. */
class OneAddress implements Network {
  readonly interface = 'kaon:network/1' as const;
  readonly bindUdp = nodeNetwork.bindUdp;
  readonly resolve = nodeNetwork.resolve;
  address: string;
  readonly #watchers = new Set<() => void>();

  constructor(address: string) {
    this.address = address;
  }

  interfaces(): readonly InterfaceAddress[] {
    return [{ name: this.address, address: this.address, family: 'IPv4', internal: false }];
  }

  watchInterfaces(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** The address is gone, and another one is there. */
  move(address: string): void {
    this.address = address;
    for (const watcher of this.#watchers) watcher();
  }
}

/** Sends, moves to another address in the middle, and sends on. */
async function roam(connect: (ends: Ends) => Promise<Link>, restarts: boolean): Promise<void> {
  const network = new OneAddress(ownAddress('IPv4'));
  const link = await connect({ kaon: { kaon: { network, continualGathering: !restarts, tcpCandidates: [] } } });
  await link.connected.wait();
  const sizes = Array.from({ length: 60 }, (_, i) => 30_000 + i);
  for (const size of sizes.slice(0, 30)) link.first.kaon.send({ kind: 'binary', size, seed: 1 });
  network.move(secondAddress());
  for (const size of sizes.slice(30)) link.first.kaon.send({ kind: 'binary', size, seed: 1 });
  if (restarts) await link.restartIce('kaon');
  for (const size of sizes) assert.equal((await link.first.peer.messages.next()).length, size);
  await exchange(link.first, { kind: 'text', text: 'from the new address' });
  assert.equal(selected(link).local.address, secondAddress());
}

const roaming: ConnectivityScenario = {
  id: 'address-change',
  title: "Kaon's address changes in the middle of a transfer and ICE restarts: nothing is lost",
  run: ({ connect }) => roam(connect, true),
};

const roamingAlone: ConnectivityScenario = {
  id: 'address-change-alone',
  title: 'the same without a restart',
  run: ({ connect }) => roam(connect, false),
};

const namesOfPeer: ConnectivityScenario = {
  id: 'mdns-of-peer',
  title: "the peer's mDNS name is looked up",
  async run({ connect }) {
    let names = 0;
    const theirs = (candidate: string): boolean => {
      if (candidate.includes('.local ')) names++;
      return true;
    };
    // Kaon shows nothing, so the peer cannot be what finds the way.
    const link = await connect({ ours: () => false, theirs });
    await works(link);
    assert.ok(names > 0, 'the peer showed no name');
    assert.equal(selected(link).remote.type, 'host', "the peer's candidate is the one that it signalled");
  },
};

const namesOfKaon: ConnectivityScenario = {
  id: 'mdns-of-kaon',
  title: "Kaon's mDNS name is looked up",
  async run({ connect }) {
    const link = await connect({ kaon: { kaon: { mdns: 'hide', tcpCandidates: [] } }, theirs: () => false });
    await works(link);
    assert.match(link.pc.localDescription?.sdp ?? '', /[0-9a-f-]{36}\.local \d+ typ host/);
    assert.equal((await link.remote.pair()).remote.type, 'host', "Kaon's candidate is the one that it signalled");
  },
};

export const routeScenarios: readonly ConnectivityScenario[] = [
  ipv6,
  tcpPassive,
  tcpActive,
  tcpShared,
  udpShared,
  lite,
  litePeer,
  renomination,
  roaming,
  roamingAlone,
  namesOfPeer,
  namesOfKaon,
];
