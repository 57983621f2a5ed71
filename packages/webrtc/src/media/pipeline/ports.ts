import type { Instant } from '@kaon/interface/core/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { ReceiveAgreement } from '../negotiated.ts';

/** A stream that a sender sends through a transport. */
export interface LocalStream {
  readonly info: StreamInfo;
  /** What it wants of the network; undefined: nothing at present. */
  readonly demand: StreamDemand | undefined;
  /** The transport has keys: packets may be sent from now on. */
  ready(): void;
  /** The peer asks for a key frame. */
  keyFrameRequested(): void;
  /** The peer has reported on this SSRC, so it knows where the stream belongs. */
  acknowledged(): void;
  /** bit/s that the stream may use from now on. */
  allocated(bitrate: number): void;
}

/** What a stream wants of the network, in bit/s. */
export interface StreamDemand {
  /** Below this it is of no use and pauses. */
  readonly min: number;
  readonly max: number;
  /** Relative to others. Heavier streams get their minimum first. */
  readonly weight: number;
}

/** A stream that comes: one SSRC of a section, with what repairs it. */
export interface RemoteStream {
  readonly info: StreamInfo;
  readonly rid: string | undefined;
  readonly port: ReceivePort;
}

/** A receiver, as its transport sees it. */
export interface ReceivePort {
  readonly agreement: ReceiveAgreement;
  /** A stream was seen first. */
  streamAdded(stream: RemoteStream, now: Instant): void;
  /** A stream will not be seen again under this SSRC. */
  streamRemoved(stream: RemoteStream): void;
  /** What is known of a stream has changed: `stream.info` is another one. */
  packet(packet: RtpPacketView, stream: RemoteStream, now: Instant): void;
}
