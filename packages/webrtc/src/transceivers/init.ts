import type { Direction } from '@kaon/sdp';
import { toEnum } from '../idl.ts';
import type { RTCRtpEncodingParameters } from '../media/parameters/types.ts';
import { MediaStream } from '../media/stream.ts';
import { MediaStreamTrack } from '../media/track.ts';
import type { RTCRtpTransceiverDirection } from './transceiver.ts';

/** Second argument of `addTransceiver` (W3C WebRTC §5.1). */
export interface RTCRtpTransceiverInit {
  /** Default `sendrecv`; `stopped` is refused. */
  direction?: RTCRtpTransceiverDirection;
  /** Streams that the track is in, for the peer. */
  streams?: MediaStream[];
  /** One for each layer of a simulcast. */
  sendEncodings?: RTCRtpEncodingParameters[];
}

/** What `addTransceiver` was asked for. */
export interface TransceiverWish {
  readonly kind: 'audio' | 'video';
  readonly track: MediaStreamTrack | null;
  readonly direction: Direction;
  readonly streamIds: readonly string[];
  readonly sendEncodings: readonly RTCRtpEncodingParameters[];
}

/** Reads the arguments of `addTransceiver`. Throws TypeError. */
export function readTransceiverInit(
  trackOrKind: unknown,
  given: RTCRtpTransceiverInit | null | undefined,
): TransceiverWish {
  const init = given ?? {};
  if (typeof init !== 'object') throw new TypeError('the init is not an object');
  const direction = toEnum('RTCRtpTransceiverDirection', init.direction ?? 'sendrecv', [
    'sendrecv',
    'sendonly',
    'recvonly',
    'inactive',
  ]);
  const track = trackOrKind instanceof MediaStreamTrack ? trackOrKind : null;
  const kind = track === null ? toEnum('kind of media', trackOrKind, ['audio', 'video']) : track.kind;
  const sendEncodings = [...(init.sendEncodings ?? [])];
  return { kind, track, direction, streamIds: streamIds(init.streams ?? []), sendEncodings };
}

/** The ids of streams, each once. Throws TypeError for what is no stream. */
export function streamIds(streams: Iterable<unknown>): string[] {
  const ids = new Set<string>();
  for (const stream of streams) {
    if (!(stream instanceof MediaStream)) throw new TypeError('a stream is not a MediaStream');
    ids.add(stream.id);
  }
  return [...ids];
}
