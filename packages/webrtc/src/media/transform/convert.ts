import type { FeedFrame } from '../feed.ts';
import type { OutgoingStream } from '../outgoing/outgoing-stream.ts';
import { RTCEncodedAudioFrame, type RTCEncodedAudioFrameMetadata, RTCEncodedVideoFrame } from './encoded-frame.ts';
import type { TransformFrame } from './frame-pipe.ts';

/** What a frame carries besides what a transform may see: it is told again by the object, or by what is in it. */
interface Hidden {
  readonly codec: FeedFrame['codec'];
  readonly metadata: unknown;
  readonly extensions: FeedFrame['extensions'];
}

/** A frame of a source as a transform sees it, with bytes of its own. */
export function toTransform(
  kind: 'audio' | 'video',
  frame: FeedFrame,
  { names, codec }: OutgoingStream,
): TransformFrame {
  const { timestamp, rid, keyFrame } = frame;
  const data = frame.data.slice().buffer as ArrayBuffer;
  const known = {
    synchronizationSource: names.ssrc,
    contributingSources: [],
    rtpTimestamp: timestamp,
    ...(codec === undefined ? {} : { payloadType: codec.payloadType, mimeType: codec.mimeType }),
    ...(rid === undefined ? {} : { rid }),
  };
  const metadata = { ...known, kaon: { codec: frame.codec, metadata: frame.metadata, extensions: frame.extensions } };
  return kind === 'audio'
    ? new RTCEncodedAudioFrame({ data, timestamp, metadata })
    : new RTCEncodedVideoFrame({ data, timestamp, type: keyFrame ? 'key' : 'delta', metadata });
}

/** What came out of a transform, to be sent. */
export function fromTransform(frame: TransformFrame): FeedFrame {
  const metadata = frame.getMetadata() as RTCEncodedAudioFrameMetadata & { readonly kaon?: Hidden };
  return {
    data: new Uint8Array(frame.data),
    timestamp: frame.timestamp,
    keyFrame: !('type' in frame) || frame.type === 'key',
    rid: metadata.rid,
    codec: metadata.kaon?.codec,
    metadata: metadata.kaon?.metadata,
    extensions: metadata.kaon?.extensions,
  };
}
