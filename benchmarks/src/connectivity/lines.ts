import type { Line } from '../media/figures.ts';
import type { PeerId } from '../rows.ts';
import type { TurnLoad } from '../worker/protocol.ts';

/** A line of the page. */
export interface ConnectivityLine extends Line {
  readonly section: SectionId;
}

export type SectionId = 'turn' | 'allocations' | 'connect' | 'mux' | 'idle';

/** A table of the page: who is in it, and over whose figures the ratios are. */
export interface Section {
  readonly id: SectionId;
  readonly title: string;
  readonly peers: readonly PeerId[];
  readonly yardstick: PeerId | undefined;
  readonly notes: string;
}

/** Payload both ways, in one way of carrying it. */
export interface Workload {
  readonly mode: TurnLoad['id'];
  readonly size: number;
  readonly name: string;
}

/** Packets per second that every server carries. */
export const STEADY_RATE = 20_000;
export const ALLOCATIONS = 4;
/** Packets on the way, of each allocation in each direction. */
export const WINDOW = 16;
/** Allocations whose memory is measured. */
export const MANY_ALLOCATIONS = 1000;
export const MUX_CONNECTIONS = 1000;
export const IDLE_CONNECTIONS = 10_000;
export const IDLE_MINUTES = 2;

export const WORKLOADS: readonly Workload[] = [
  { mode: 'channel', size: 1200, name: 'ChannelData, 1,200 bytes' },
  { mode: 'channel', size: 160, name: 'ChannelData, 160 bytes' },
  { mode: 'indication', size: 1200, name: 'Send and Data indications, 1,200 bytes' },
  { mode: 'indication', size: 160, name: 'Send and Data indications, 160 bytes' },
];

/** The ways to connect, by id. */
export const ROUTES = {
  host: 'host candidates',
  stun: 'host candidates, a STUN server asked as well',
  udp: 'relay to relay over UDP',
  tcp: 'relay to relay over TCP',
  tls: 'relay to relay over TLS',
  dtls: 'relay to relay over DTLS',
} as const;
export type RouteId = keyof typeof ROUTES;

export const SECTIONS: readonly Section[] = [
  {
    id: 'turn',
    title: 'TURN servers',
    peers: ['kaon', 'coturn', 'pion', 'node:dgram'],
    yardstick: 'coturn',
    notes: `Each server is a process of its own: Kaon's with one worker, coturn with one relay thread (\`-m 1\`), and one made of pion/turn
as its example shows. One Go program loads all three with the same bytes: ${ALLOCATIONS} allocations, data both ways, numbered and
looked at when it comes out. "As much as it can" is with ${WINDOW} packets on the way for each allocation and direction; what does not
come within 30 ms counts as lost. Packets per CPU second are those that came out over the CPU time of the server's process, all of
its threads, user and system: what one core can do. Most of that is the kernel's: one datagram in, one out. "node:dgram" is no TURN
server but ten lines that receive and send on, which is the most that a program on Node can do.`,
  },
  {
    id: 'allocations',
    title: 'Allocations',
    peers: ['kaon', 'coturn', 'pion'],
    yardstick: 'coturn',
    notes: `${MANY_ALLOCATIONS.toLocaleString('en')} allocations of clients at as many ports, ten at a time: challenge, then Allocate with
credentials. Memory is what the resident memory of the server's process grows by, after garbage collection where there is one; 100
allocations came and went before.`,
  },
  {
    id: 'connect',
    title: 'Connecting, by route',
    peers: ['kaon', 'werift', 'pion'],
    yardstick: 'werift',
    notes: `From before \`createOffer()\` until both channels are open, both ends in one process, trickled candidates; median. All use the
same coturn on this machine. Pion waits 2 s for something better before it takes a pair of relays, which is its default. werift has no
DTLS to servers; over TLS (0.25.2) it allocates, but its checks through the relay stay without answer. There is no row for
server-reflexive candidates: without a NAT they are the same as those of the host, and are left out for that (RFC 8445 §5.1.3).`,
  },
  {
    id: 'mux',
    title: `${MUX_CONNECTIONS.toLocaleString('en')} connections on one UDP port`,
    peers: ['kaon'],
    yardstick: undefined,
    notes: `One process with a \`UdpMux\`, its callers in another one, each from a port of its own; offers and answers go from one to the other
50 at a time. Memory is that of the process with the port; "left" is after all are closed, the port still open, against before the
first, with 50 connections that came and went before that.`,
  },
  {
    id: 'idle',
    title: `${IDLE_CONNECTIONS.toLocaleString('en')} idle connections`,
    peers: ['kaon'],
    yardstick: undefined,
    notes: `Both ends, so twice as many \`RTCPeerConnection\`s with an open channel, in one process over the simulated network of
\`@kaon/testing\` and in virtual time, one side on one \`UdpMux\`. They do nothing but keep consent (RFC 7675): a request about every
five seconds each way. CPU time has that of the simulation in it. \`pnpm bench --connectivity --scenario idle --write\` measures it.`,
  },
];

export function line(
  section: SectionId,
  id: string,
  title: string,
  unit: string,
  better: Line['better'],
): ConnectivityLine {
  return { section, id: `${section}-${id}`, title, form: 'two processes', unit, better };
}
