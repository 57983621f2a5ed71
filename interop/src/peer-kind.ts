import type { Role } from './link.ts';
import type { RemotePeer } from './remote.ts';

/** A kind of peer that Kaon is run against. One folder of interop/ each. */
export interface PeerKind {
  /** What `--only` names. */
  readonly id: string;
  /** What the table calls it. */
  readonly title: string;
  /** Whether it needs the network namespace (see namespace.ts). */
  readonly isolated: boolean;
  /**
   * Scenarios that this peer has no means for, each with the reason, which the table notes: by `id`, or by `id offers` or
   * `id answers` when it is so in one of Kaon's roles only.
   */
  readonly lacks: Readonly<Record<string, string>>;
  /** What the table says of this peer besides. */
  readonly remark?: string;
  /** Run these scenarios alone; all of them when absent. */
  readonly scenarios?: readonly string[];
  /** Whether the scenarios about servers, TCP and other ways to connect are run with it. */
  readonly connectivity?: boolean;
  /** Whether the scenarios with media are run with it. */
  readonly media: boolean;
  /** Starts it. Rejects, with what to install, when it is missing. */
  start(): Promise<RemotePeer>;
}

/** Why the peer has no means for a scenario in this role of Kaon's; undefined when it has. */
export function lackOf(kind: PeerKind, scenario: string, role: Role): string | undefined {
  return kind.lacks[scenario] ?? kind.lacks[`${scenario} ${role}`];
}
