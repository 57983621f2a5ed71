import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../line.ts';
import { RemotePeer } from '../remote.ts';
import type { ServerCertificate } from './certificate.ts';
import type { TurnTransport } from './servers.ts';
import type { Place, World } from './world.ts';

/** A stack at one of the hosts. */
export interface NatPeer {
  readonly id: string;
  readonly title: string;
  /** How it speaks to a TURN server, of those that are there, when UDP is let through. */
  readonly transports: readonly TurnTransport[];
  /** The same when it is not, where it has to be told apart. */
  readonly transportsWithoutUdp?: readonly TurnTransport[];
  /** It checks the name in a server's certificate, and takes none for an address. */
  readonly byName?: boolean;
  /** Whether its end of a pair is called what it is seen as (RFC 8445 §7.2.5.3.1), or after the socket it sends from. */
  readonly namesMappedAddress: boolean;
  readonly ipv6: boolean;
  readonly relayOverIpv6: boolean;
  start(world: World, place: Place, files: ServerCertificate): Promise<RemotePeer>;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const node = (path: string, ...args: readonly string[]): string[] => [
  process.execPath,
  ...process.execArgv,
  file(path),
  ...args,
];
const BOTH: readonly TurnTransport[] = ['udp', 'tcp', 'tls'];

export const KAON: NatPeer = {
  id: 'kaon',
  title: 'Kaon',
  transports: BOTH,
  namesMappedAddress: true,
  ipv6: true,
  relayOverIpv6: true,
  start: async (world, place, { certificate }) =>
    new RemotePeer(startProcess(world.at(place, ...node('kaon-agent.ts', certificate)))),
};

const chromium: NatPeer = {
  id: 'chromium',
  title: 'Chromium',
  transports: BOTH,
  namesMappedAddress: true,
  ipv6: true,
  relayOverIpv6: true,
  start: (world, place, files) => browser(world, place, files, 'chromium'),
};

const firefox: NatPeer = {
  id: 'firefox',
  title: 'Firefox',
  transports: BOTH,
  byName: true,
  namesMappedAddress: true,
  // It gathers nothing in a network that has IPv6 alone.
  ipv6: false,
  relayOverIpv6: false,
  start: (world, place, files) => browser(world, place, files, 'firefox'),
};

const pion: NatPeer = {
  id: 'pion',
  title: 'Pion',
  transports: BOTH,
  namesMappedAddress: false,
  ipv6: true,
  // It asks TURN servers over IPv4 alone.
  relayOverIpv6: false,
  start: async (world, place, { certificate }) => {
    const binary = file('../../bin/pion');
    if (!existsSync(binary)) throw new Error('interop/bin/pion is missing: interop/install.sh builds it (needs Go)');
    return new RemotePeer(startProcess(world.at(place, binary), { SSL_CERT_FILE: certificate }));
  },
};

const werift: NatPeer = {
  id: 'werift',
  title: 'werift',
  // It takes one server.
  transports: ['udp'],
  transportsWithoutUdp: ['tcp'],
  namesMappedAddress: false,
  // Switched off in its configuration here.
  ipv6: false,
  relayOverIpv6: false,
  start: async (world, place) => new RemotePeer(startProcess(world.at(place, ...node('../../werift/agent.ts')))),
};

/** Whom Kaon meets, in the order of the page. */
export const PEERS: readonly NatPeer[] = [KAON, chromium, firefox, pion, werift];

/** Its profile goes into the run's folder, which is removed at the end however the browser ended. */
async function browser(
  world: World,
  place: Place,
  { folder }: ServerCertificate,
  id: 'chromium' | 'firefox',
): Promise<RemotePeer> {
  return new RemotePeer(startProcess(world.at(place, ...node('browser-agent.ts', id)), { TMPDIR: folder }));
}
