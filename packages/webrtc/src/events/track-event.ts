import type { RTCRtpReceiver } from '../media/receiver.ts';
import type { MediaStream } from '../media/stream.ts';
import type { MediaStreamTrack } from '../media/track.ts';
import type { RTCRtpTransceiver } from '../transceivers/transceiver.ts';
import type { RTCEventInit } from './events.ts';

/** Second argument of `RTCTrackEvent`. */
export interface RTCTrackEventInit extends RTCEventInit {
  receiver: RTCRtpReceiver;
  track: MediaStreamTrack;
  streams?: readonly MediaStream[];
  transceiver: RTCRtpTransceiver;
}

/** Carries a track that the peer began to send (W3C WebRTC §5.7). */
export class RTCTrackEvent extends Event {
  readonly receiver: RTCRtpReceiver;
  readonly track: MediaStreamTrack;
  readonly streams: readonly MediaStream[];
  readonly transceiver: RTCRtpTransceiver;

  /** Throws TypeError when a required member is missing. */
  constructor(type: string, init: RTCTrackEventInit) {
    super(type, init);
    const { receiver, track, streams = [], transceiver } = init;
    if (receiver === undefined || track === undefined || transceiver === undefined)
      throw new TypeError('receiver, track and transceiver are required');
    this.receiver = receiver;
    this.track = track;
    this.streams = Object.freeze([...streams]);
    this.transceiver = transceiver;
  }
}
