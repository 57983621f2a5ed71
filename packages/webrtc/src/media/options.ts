import type { Interceptor } from '@kaon/interface/interceptor/v1';

/** What Kaon lets you set about media, under `kaon.media` of `RTCConfiguration`. All of it is fixed at construction. */
export interface MediaOptions {
  /** bit/s that is assumed of the network before it is known. Default 300000. */
  readonly startBitrate?: number | undefined;
  /** bit/s below which the estimate never goes. Default 30000. */
  readonly minBitrate?: number | undefined;
  /** bit/s above which the estimate never goes. Default: no limit. */
  readonly maxBitrate?: number | undefined;
  /** Whether congestion control is on where the peer gives feedback for it. Default true. */
  readonly congestionControl?: boolean | undefined;
  /**
   * Feedback for congestion control that is negotiated besides transport-wide sequence numbers: with `rfc8888` that of RFC 8888,
   * which is used where the peer has it, too, and tells of ECN marks. Default `transport-cc`: nothing besides.
   */
  readonly congestionFeedback?: 'transport-cc' | 'rfc8888' | undefined;
  /** Whether packets leave evenly instead of in bursts. Needs congestion control. Default true. */
  readonly pacing?: boolean | undefined;
  /** Whether lost packets are asked for and sent again, where that was negotiated. Default true. */
  readonly nack?: boolean | undefined;
  /** Whether forward error correction is sent where it was negotiated, as much as the peer loses. What comes is used anyway. Default true. */
  readonly fec?: boolean | undefined;
  /** Whether lost audio may be asked for again, too, if the peer agrees: it costs delay. Default false. */
  readonly audioNack?: boolean | undefined;
  /**
   * `adaptive`: received packets are put in order and given out evenly, as much later as the network varies. `immediate`: they
   * are given out as soon as they are in order, and late ones too, which suits a relay. `off`: as they come. Default `adaptive`.
   */
  readonly jitterBuffer?: 'adaptive' | 'immediate' | 'off' | undefined;
  /** Streams (SSRCs) that one transport receives at most; the one that was silent longest goes. Default 256. */
  readonly maxStreams?: number | undefined;
  /** Makes further stages for each transport, which stand between the application and those of Kaon. */
  readonly interceptors?: (() => readonly Interceptor[]) | undefined;
}
