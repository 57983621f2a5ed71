import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { SideName } from '@kaon/testing';
import type { LocalBase, TcpType } from '../src/index.ts';
import { A4, B4, type Story, type StoryOptions, story } from './helpers.ts';

/** A TCP base on the host of `udp`. */
export function tcpBase(udp: TransportAddress, tcpType: TcpType): LocalBase {
  const port = tcpType === 'active' ? 9 : udp.port + (tcpType === 'so' ? 2000 : 1000);
  return { address: { ...udp, port }, protocol: 'tcp', tcpType };
}

interface Connection {
  readonly opener: SideName;
  /** As the opener sees it. */
  readonly path: Path;
  /** What the other side sees it come from. */
  readonly source: TransportAddress;
}

/**
 * The connections that drivers would open for their TCP sockets: a send from an active base opens one from a port of its
 * own, one from a simultaneous-open base joins both, one from a passive base needs one that is open.
 */
export class Connections {
  readonly open: Connection[] = [];
  /** How many were opened in all. */
  opened = 0;
  /** Refuses them while true. */
  refusing = false;
  #port = 40_000;

  /** Where a packet comes out; undefined: nowhere. */
  route(path: Path, from: SideName): Path | undefined {
    const { local, remote } = path;
    const answered = this.open.find(({ opener, source }) => opener !== from && same(source, remote));
    if (answered !== undefined) {
      return { protocol: 'tcp', local: answered.path.local, remote: answered.path.remote };
    }
    let sent = this.open.find(
      (each) => each.opener === from && same(each.path.local, local) && same(each.path.remote, remote),
    );
    if (sent === undefined && isPassive(local)) return undefined;
    if (sent === undefined) {
      if (this.refusing) return undefined;
      const source = local.port === 9 ? { ...local, port: ++this.#port } : local;
      sent = { opener: from, path, source };
      this.open.push(sent);
      this.opened++;
    }
    return { protocol: 'tcp', local: remote, remote: sent.source };
  }

  /** Ends all connections, and tells both agents as their drivers would. */
  reset({ a, b, pair }: Story): void {
    for (const { opener, path, source } of this.open.splice(0)) {
      const [one, other] = opener === 'a' ? [a, b] : [b, a];
      one.pathFailed(path, pair.now);
      other.pathFailed({ protocol: 'tcp', local: path.remote, remote: source }, pair.now);
    }
  }
}

export interface TcpStory extends Story {
  readonly connections: Connections;
}

/** Two agents with these TCP bases, and UDP ones unless `udp` is none; UDP packets are lost while `udp` says no. */
export function tcpStory(
  aTypes: readonly TcpType[],
  bTypes: readonly TcpType[],
  options: StoryOptions & { readonly udp?: 'none' | (() => boolean) } = {},
): TcpStory {
  const connections = new Connections();
  const { udp = 'none' } = options;
  const s = story({
    ...options,
    aBases: udp === 'none' ? [] : [A4],
    bBases: udp === 'none' ? [] : [B4],
    route: (path, from) => {
      if (path.protocol === 'tcp') return connections.route(path, from);
      return udp !== 'none' && udp() ? { protocol: 'udp', local: path.remote, remote: path.local } : undefined;
    },
  });
  for (const tcpType of aTypes) s.a.addLocalBase(tcpBase(A4, tcpType), s.pair.now);
  for (const tcpType of bTypes) s.b.addLocalBase(tcpBase(B4, tcpType), s.pair.now);
  return { ...s, connections };
}

const same = (a: TransportAddress, b: TransportAddress): boolean => a.address === b.address && a.port === b.port;
const isPassive = ({ port }: TransportAddress): boolean => port === A4.port + 1000 || port === B4.port + 1000;
