import type { RTCConfiguration, RTCPeerConnection } from '@kaon/webrtc';
import type { PeerConfiguration } from '../agent/protocol.ts';
import type { Call } from '../call.ts';
import type { Link, Role } from '../link.ts';

/** How both ends of a connection are made. */
export interface Ends {
  readonly kaon?: RTCConfiguration;
  readonly peer?: PeerConfiguration;
  /** Candidates travel one by one. Default true; without it `ours` and `theirs` have nothing to choose from. */
  readonly trickle?: boolean;
  /** Called with Kaon's connection before anything happens. */
  readonly prepare?: (connection: RTCPeerConnection) => void;
  /** Which of Kaon's candidates the peer gets to see; all when absent. */
  readonly ours?: (candidate: string) => boolean;
  /** Which of the peer's candidates Kaon gets to see; all when absent. */
  readonly theirs?: (candidate: string) => boolean;
}

/** What a scenario about connectivity may use. What is made here is ended after it. */
export interface ConnectivityContext {
  readonly role: Role;
  /** `id` of the kind of peer. */
  readonly peer: string;
  /** Connects, trickling, with a first channel. */
  connect(ends?: Ends): Promise<Link>;
  /** A connection of each with nothing negotiated, for media. */
  call(ends?: Ends): Promise<Call>;
}

/** One row of the table of connectivity: run once with Kaon as offerer and once as answerer. */
export interface ConnectivityScenario {
  readonly id: string;
  /** What the table calls it. */
  readonly title: string;
  /** Run with `--all` only. */
  readonly rare?: boolean;
  run(context: ConnectivityContext): Promise<void>;
}
