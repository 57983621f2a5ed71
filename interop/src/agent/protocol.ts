/**
 * The control protocol between the harness and a peer. Over stdio it is one JSON object per line; a page gets the
 * same objects by a function call. The harness sends {@link Request}s, the peer answers each by a {@link Reply} with
 * the same `seq` and reports what happens to it as {@link PeerEvent}s.
 *
 * Loaded by Node and by the browser pages: types only.
 */
import type { Digest, Payload } from './payload.ts';

/** The part of RTCDataChannelInit that crosses the line. */
export interface ChannelInit {
  readonly ordered?: boolean;
  readonly maxRetransmits?: number;
  readonly maxPacketLifeTime?: number;
  readonly protocol?: string;
  readonly negotiated?: boolean;
  readonly id?: number;
}

/** A channel as the peer sees it. `undefined` reliability means: the peer's API does not tell. */
export interface ChannelFacts {
  readonly label: string;
  readonly protocol: string;
  readonly id: number | null;
  readonly negotiated?: boolean;
  readonly ordered?: boolean;
  readonly maxRetransmits?: number | null;
  readonly maxPacketLifeTime?: number | null;
}

/** An RTCIceCandidateInit that crosses the line; an empty `candidate` ends a generation. */
export interface CandidateInit {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
}

/** What the harness asks of a peer. `pc` and `channel` are names that the harness picks. */
export type Command =
  | { readonly cmd: 'hello' }
  | { readonly cmd: 'new'; readonly pc: string }
  | {
      readonly cmd: 'channel';
      readonly pc: string;
      readonly channel: string;
      readonly label: string;
      readonly init: ChannelInit;
    }
  | { readonly cmd: 'offer'; readonly pc: string; readonly trickle: boolean; readonly restart: boolean }
  | { readonly cmd: 'answer'; readonly pc: string; readonly trickle: boolean; readonly sdp: string }
  | { readonly cmd: 'accept'; readonly pc: string; readonly sdp: string }
  | { readonly cmd: 'candidate'; readonly pc: string; readonly candidate: CandidateInit }
  | { readonly cmd: 'send'; readonly pc: string; readonly channel: string; readonly payload: Payload }
  | {
      readonly cmd: 'burst';
      readonly pc: string;
      readonly channel: string;
      readonly count: number;
      readonly size: number;
    }
  | { readonly cmd: 'closeChannel'; readonly pc: string; readonly channel: string }
  | { readonly cmd: 'facts'; readonly pc: string; readonly channel: string }
  | { readonly cmd: 'close'; readonly pc: string };

/** What a peer answers to a command. */
export interface Result {
  readonly name?: string;
  readonly version?: string;
  readonly sdp?: string;
  readonly facts?: ChannelFacts;
}

/** What happens to a peer. Channels that the other side opened are named `in1`, `in2`, ... per connection. */
export type PeerEvent =
  | { readonly event: 'candidate'; readonly pc: string; readonly candidate: CandidateInit | null }
  | { readonly event: 'state'; readonly pc: string; readonly state: string }
  | { readonly event: 'channel'; readonly pc: string; readonly channel: string; readonly facts: ChannelFacts }
  | { readonly event: 'open'; readonly pc: string; readonly channel: string }
  | { readonly event: 'closed'; readonly pc: string; readonly channel: string }
  | { readonly event: 'message'; readonly pc: string; readonly channel: string; readonly digest: Digest };

export type Request = Command & { readonly seq: number };
export type Reply =
  | { readonly seq: number; readonly result: Result }
  | { readonly seq: number; readonly error: string };
