import type { RTCConfiguration } from '@kaon/webrtc';
import type { Call } from './call.ts';
import type { Role } from './link.ts';

/** What a scenario with media may use. Calls made here are ended after it. */
export interface MediaContext {
  readonly role: Role;
  /** `id` of the kind of peer. */
  readonly peer: string;
  /** A connection of Kaon's and one of the peer's, with nothing negotiated. */
  call(configuration?: RTCConfiguration): Promise<Call>;
}

/** One row of the table of media: run once with Kaon as offerer and once as answerer. */
export interface MediaScenario {
  readonly id: string;
  /** What the table calls it. */
  readonly title: string;
  /** Run with `--all` only. */
  readonly rare?: boolean;
  /** A row of the table of codecs: this codec, from the peer to Kaon or from Kaon to the peer. */
  readonly codec?: { readonly name: string; readonly direction: 'from' | 'to' };
  run(context: MediaContext): Promise<void>;
}
