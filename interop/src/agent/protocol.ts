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

/** What the harness sets of a peer's connection, over the peer's own defaults. */
export interface PeerConfiguration {
  readonly iceServers?: readonly {
    readonly urls: readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
  readonly iceTransportPolicy?: 'all' | 'relay';
  /** Only of stacks that have it: be an ICE-lite agent. */
  readonly lite?: boolean;
  /** Only of stacks that have it: listen on TCP as well. */
  readonly tcp?: boolean;
  /** Only of stacks that leave it out otherwise: gather IPv6 as well. */
  readonly ipv6?: boolean;
}

/** One end of a pair. */
export interface PairEnd {
  readonly type: string;
  readonly protocol: string;
  /** Absent where the stack hides it. */
  readonly address?: string;
  readonly relayProtocol?: string;
}

/** The pair that a peer sends on. */
export interface PairFacts {
  readonly local: PairEnd;
  readonly remote: PairEnd;
}

export type MediaKind = 'audio' | 'video';

/** What a track of the peer shows: the fake camera or microphone, the same camera larger, or a page of text that changes slowly. */
export type MediaContent = 'device' | 'large' | 'screen';

/** One layer of a simulcast as the peer is to send it. */
export interface LayerInit {
  readonly rid: string;
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate?: number;
  readonly active?: boolean;
}

/** A codec by its type, and by a piece of its parameters where that is not enough (`packetization-mode=0`). */
export interface CodecChoice {
  readonly mimeType: string;
  readonly fmtp?: string;
}

/** Encoded media: IVF for VP8, VP9 and AV1, Annex B for H.264 and H.265, Ogg for Opus. */
export interface MediaFile {
  readonly path: string;
  readonly mimeType: string;
}

/** What the harness asks about media. `track` is a name that the harness picks for a track of the peer. */
export type MediaCommand =
  | {
      readonly cmd: 'media.send';
      readonly pc: string;
      readonly track: string;
      readonly kind: MediaKind;
      readonly content: MediaContent;
      /** By `addTransceiver` with these layers; without them by `addTrack`, which takes an offered section. */
      readonly layers?: readonly LayerInit[];
      /** What a stack without encoders sends, over and over; those with encoders pay no heed to it. */
      readonly file?: MediaFile;
    }
  /** A section that only receives, for the peer's next offer. */
  | { readonly cmd: 'media.receive'; readonly pc: string; readonly kind: MediaKind }
  /** From now on every track that comes is sent back, in the section that it came by. */
  | { readonly cmd: 'media.echo'; readonly pc: string }
  | { readonly cmd: 'media.remove'; readonly pc: string; readonly track: string }
  /** Other content without negotiation; null: nothing. */
  | {
      readonly cmd: 'media.replace';
      readonly pc: string;
      readonly track: string;
      readonly content: MediaContent | null;
    }
  /** Puts the codec first in all sections of its kind; the rest stays behind it when `only` is false. */
  | { readonly cmd: 'media.prefer'; readonly pc: string; readonly codec: CodecChoice; readonly only: boolean }
  | { readonly cmd: 'media.layers'; readonly pc: string; readonly track: string; readonly layers: readonly LayerInit[] }
  | { readonly cmd: 'media.tones'; readonly pc: string; readonly track: string; readonly tones: string }
  /** Ends the section that the track is sent by. */
  | { readonly cmd: 'media.stop'; readonly pc: string; readonly track: string }
  | { readonly cmd: 'media.facts'; readonly pc: string }
  /** The codecs that the peer can send, or receive. */
  | {
      readonly cmd: 'media.codecs';
      readonly pc: string;
      readonly kind: MediaKind;
      readonly direction: 'send' | 'receive';
    };

/** A stream as the peer's statistics have it; what a stack does not tell is absent. */
export interface StreamFacts {
  readonly kind: MediaKind;
  readonly ssrc: number;
  readonly mid?: string;
  readonly rid?: string;
  /** `video/VP8` */
  readonly codec?: string;
  readonly packets: number;
  readonly bytes: number;
  readonly packetsLost?: number;
  readonly framesEncoded?: number;
  readonly framesDecoded?: number;
  readonly keyFrames?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  readonly totalSamplesReceived?: number;
  readonly totalAudioEnergy?: number;
  readonly concealedSamples?: number;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly firCount?: number;
  readonly retransmittedPackets?: number;
  readonly fecPackets?: number;
  readonly freezeCount?: number;
  /** What the other side reported. */
  readonly roundTripTime?: number;
}

/** Media at the peer. */
export interface MediaFacts {
  readonly inbound: readonly StreamFacts[];
  readonly outbound: readonly StreamFacts[];
  /** Live tracks that come, with whether they are muted, in the order of their sections. */
  readonly remoteTracks: readonly { readonly kind: MediaKind; readonly mid: string | null; readonly muted: boolean }[];
  readonly transceivers: readonly {
    readonly mid: string | null;
    readonly kind: MediaKind;
    readonly direction: string;
    readonly currentDirection: string | null;
  }[];
  /** Mean red, green and blue (0 to 255) of the last picture of each video track that comes, where the peer can look. */
  readonly colours: readonly (readonly [number, number, number])[];
}

/** What the harness asks of a peer. `pc` and `channel` are names that the harness picks. */
export type Command =
  | { readonly cmd: 'hello' }
  | { readonly cmd: 'new'; readonly pc: string; readonly configuration?: PeerConfiguration }
  /** Which pair it sends on. */
  | { readonly cmd: 'pair'; readonly pc: string }
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
  | { readonly cmd: 'close'; readonly pc: string }
  | MediaCommand;

/** What a peer answers to a command. */
export interface Result {
  readonly name?: string;
  readonly version?: string;
  readonly sdp?: string;
  readonly facts?: ChannelFacts;
  readonly media?: MediaFacts;
  readonly codecs?: readonly CodecChoice[];
  readonly pair?: PairFacts;
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
