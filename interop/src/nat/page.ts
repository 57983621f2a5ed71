import { writeFileSync } from 'node:fs';
import { type Case, TLS_PARTNERS } from './cases.ts';
import { NAT_KINDS } from './nat-kind.ts';
import { KAON, type NatPeer } from './peers.ts';
import type { Outcome } from './run.ts';

const INTRODUCTION = `# Between NATs

Kaon and other stacks in Linux network namespaces, each host behind a NAT of its own that the kernel makes, with a STUN
and TURN server between them. \`pnpm interop:nat --write\` runs all of it and writes this page;
[interop/](../interop/README.md) says how.

A cell says which candidates the two ends send from, Kaon's end (the row) first, and how long it took from before the
offer until the data channel was open at both. 100 KB went through each way. Kaon offers and answers by turns; so do
Kaon's own TURN server and coturn serve. Each run fails unless every pair takes the shortest route that there is:

- **host**: between addresses of their own;
- **srflx**, **prflx**: straight, through the address that a NAT gave, as the STUN server or only the peer has seen it;
- **relay**: by a TURN server; one relay where one will do, over TCP or TLS only where UDP does not get out.

Between full-cone, address-restricted and port-restricted NATs there is always a straight way. A symmetric NAT gives another
port to each destination, so it is reached straight only by those that do not look at the port. Distances are nil here: what
takes long is waiting. Where a relay is the only way, that is half a second in which a better way might turn up.`;

const KERNEL = `## The kernel's NATs

Linux translates by connection tracking, which filters by address and port whatever the mapping. So

- **port-restricted** is what it does by itself, when it may keep the port (\`snat\`);
- **full-cone** and **address-restricted** lead what else comes to the one host inside: from anywhere, or from addresses
  that the port has sent something to within a minute;
- **symmetric** draws a port at random for each destination (\`masquerade fully-random\`);
- what comes uncalled is dropped before tracking knows of it. Without that rule a packet of the peer that arrives before
  ours takes the place of our mapping, and ours gets another port: two port-restricted NATs would not find each other;
- **udp-blocked** lets TCP out alone, **tls-only** nothing but TCP to port 5349.

Where the peer's check comes before the STUN server's answer, a mapped address is called prflx in the place of srflx; it is
the same address. \`kaon-doctor --nat\` finds each of these NATs to be what it is called, which the run checks. The simulated networks of the tests ([nat-matrix.test.ts](https://github.com/kaon-rtc/kaon/blob/main/packages/webrtc/test/story/nat-matrix.test.ts))
give the same routes.`;

const NOTES: Readonly<Record<string, string>> = {
  pion: 'Pion calls its end by the socket that it sends from: host, too, behind a NAT. It asks TURN servers over IPv4 alone.',
  werift:
    'werift calls its end by the socket that it sends from: host, too, behind a NAT. It takes one TURN server, over TCP here where UDP is blocked, and has no TLS to it; IPv6 is switched off in it.',
  firefox: 'Firefox gathers nothing in a network that has IPv6 alone.',
};

/** Writes docs/interop-nat.md. */
export function writePage(
  outcomes: readonly Outcome[],
  peers: readonly NatPeer[],
  versions: ReadonlyMap<string, string>,
): void {
  const text = [
    INTRODUCTION,
    ...peers.map((peer) =>
      section(
        peer,
        outcomes.filter(({ tried }) => tried.peer === peer),
        versions.get(peer.id) ?? '',
      ),
    ),
    KERNEL,
  ];
  writeFileSync(new URL('../../../docs/interop-nat.md', import.meta.url), `${text.join('\n\n')}\n`);
}

function section(peer: NatPeer, outcomes: readonly Outcome[], version: string): string {
  const find = (wanted: Partial<Case>, a: string, b: string): string =>
    cell(
      outcomes.find(
        ({ tried }) =>
          tried.kinds[0] === a && tried.kinds[1] === b && tried.family === wanted.family && tried.relayOnly === false,
      ),
    );
  const v4 = { family: 'IPv4' } as const;
  const rows = NAT_KINDS.map((a) => [`**${a}**`, ...NAT_KINDS.map((b) => find(v4, a, b))]);
  const tls = TLS_PARTNERS.map((b) => find(v4, 'tls-only', b));
  const v6 = outcomes.filter(({ tried }) => tried.family === 'IPv6');
  const parts = [
    `## Kaon and ${peer === KAON ? 'Kaon' : `${peer.title} ${version}`}`.trimEnd(),
    table([`Kaon ↓, ${peer === KAON ? 'the other Kaon' : peer.title} →`, ...NAT_KINDS], rows),
    ...(peer.transports.includes('tls') ? [table(['', ...TLS_PARTNERS], [['**tls-only**', ...tls]])] : []),
    ...(v6.length === 0
      ? []
      : [
          table(
            ['IPv6', 'route'],
            v6.map((one) => [nameOf(one.tried), cell(one)]),
          ),
        ]),
    ...(NOTES[peer.id] === undefined ? [] : [NOTES[peer.id] as string]),
    summary(outcomes),
  ];
  return parts.join('\n\n');
}

function nameOf({ kinds, relayOnly }: Case): string {
  return `${kinds.join(' to ')}${relayOnly ? ', told to relay' : ''}`;
}

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '–';
  const { route, meeting, failure } = outcome;
  if (route === undefined || meeting === undefined) return 'FAIL';
  const time = `${meeting.settled ?? meeting.opened} ms`;
  return `${failure === undefined ? '' : 'FAIL: '}${route.join(' / ')}, ${time}`;
}

/** Middle times by route. */
function summary(outcomes: readonly Outcome[]): string {
  const times = (relayed: boolean): number[] =>
    outcomes
      .filter(({ route }) => route !== undefined && route.some((end) => end.startsWith('relay')) === relayed)
      .flatMap(({ meeting }) => meeting?.opened ?? []);
  const say = (name: string, all: readonly number[]): string =>
    `${name} ${median(all)} ms (${Math.min(...all)} to ${Math.max(...all)}, ${all.length} pairs)`;
  const [direct, relayed] = [times(false), times(true)];
  const said = [
    ...(direct.length > 0 ? [say('straight', direct)] : []),
    ...(relayed.length > 0 ? [say('relayed', relayed)] : []),
  ];
  return `Time to connect, median: ${said.join(', ')}.`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
