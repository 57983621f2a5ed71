/** Encoded frames as transforms see them (W3C WebRTC Encoded Transform §4). */

/** What is known of any encoded frame. */
export interface RTCEncodedFrameMetadata {
  synchronizationSource?: number;
  payloadType?: number;
  contributingSources?: number[];
  rtpTimestamp?: number;
  mimeType?: string;
  /** Layer of a simulcast. Kaon's addition. */
  rid?: string;
}

/** What is known of an encoded video frame. */
export interface RTCEncodedVideoFrameMetadata extends RTCEncodedFrameMetadata {
  frameId?: number;
  dependencies?: number[];
  width?: number;
  height?: number;
  spatialIndex?: number;
  temporalIndex?: number;
  timestamp?: number;
}

/** What is known of an encoded audio frame. */
export interface RTCEncodedAudioFrameMetadata extends RTCEncodedFrameMetadata {
  sequenceNumber?: number;
  audioLevel?: number;
}

/** What both kinds of frame have. */
abstract class EncodedFrameBase<Metadata extends object> {
  /** The frame's bytes, which a transform may replace. */
  data: ArrayBuffer;
  #metadata: Metadata;

  constructor(init: { readonly data: ArrayBuffer; readonly metadata: Metadata }) {
    this.data = init.data;
    this.#metadata = { ...init.metadata };
  }

  getMetadata(): Metadata {
    return structuredClone(this.#metadata);
  }

  /** Replaces what is known of the frame. */
  setMetadata(metadata: Metadata): void {
    this.#metadata = structuredClone(metadata);
  }
}

/** One encoded video frame. `data` is what the codec's `EncodedFrame` has: H.264 in Annex B, for example. */
export class RTCEncodedVideoFrame extends EncodedFrameBase<RTCEncodedVideoFrameMetadata> {
  readonly type: 'key' | 'delta' | 'empty';
  /** RTP timestamp. */
  readonly timestamp: number;

  /** A frame of bytes and of what is known of it, or a copy of a frame. */
  constructor(
    init:
      | RTCEncodedVideoFrame
      | {
          readonly data: ArrayBuffer;
          readonly type: 'key' | 'delta' | 'empty';
          readonly timestamp: number;
          readonly metadata: RTCEncodedVideoFrameMetadata;
        },
  ) {
    super('getMetadata' in init ? { data: init.data.slice(0), metadata: init.getMetadata() } : init);
    this.type = init.type;
    this.timestamp = init.timestamp;
  }
}

/** One encoded audio frame. */
export class RTCEncodedAudioFrame extends EncodedFrameBase<RTCEncodedAudioFrameMetadata> {
  /** RTP timestamp. */
  readonly timestamp: number;

  /** A frame of bytes and of what is known of it, or a copy of a frame. */
  constructor(
    init:
      | RTCEncodedAudioFrame
      | {
          readonly data: ArrayBuffer;
          readonly timestamp: number;
          readonly metadata: RTCEncodedAudioFrameMetadata;
        },
  ) {
    super('getMetadata' in init ? { data: init.data.slice(0), metadata: init.getMetadata() } : init);
    this.timestamp = init.timestamp;
  }
}
