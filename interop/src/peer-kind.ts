import type { RemotePeer } from './remote.ts';

/** A kind of peer that Kaon is run against. One folder of interop/ each. */
export interface PeerKind {
  /** What `--only` names. */
  readonly id: string;
  /** What the table calls it. */
  readonly title: string;
  /** Whether it needs the network namespace (see namespace.ts). */
  readonly isolated: boolean;
  /** Scenarios that say nothing about this peer, each with the reason; the table notes them. */
  readonly lacks: Readonly<Record<string, string>>;
  /** Run these scenarios alone; all of them when absent. */
  readonly scenarios?: readonly string[];
  /** Starts it. Rejects, with what to install, when it is missing. */
  start(): Promise<RemotePeer>;
}
