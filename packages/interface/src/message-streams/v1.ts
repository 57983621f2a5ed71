/** What data channels need from SCTP. */
import type { CodedError, Core, Instant } from '../core/v1.ts';

/** How one message travels. */
export interface WriteOptions {
  /** Deliver without waiting for earlier messages of the stream. Default false. */
  readonly unordered?: boolean | undefined;
  /** Give up after this many retransmissions (RFC 3758 §4.1); 0 sends once. */
  readonly maxRetransmits?: number | undefined;
  /** Give up this many ms after the message was written (RFC 3758 §4.1). */
  readonly maxPacketLifeTime?: number | undefined;
}

/** What message streams report. */
export type StreamsEvent =
  /** The association is up. */
  | {
      readonly type: 'connected';
      /** Streams we may write to: ids 0 to outboundStreams - 1. */
      readonly outboundStreams: number;
      /** Streams the peer may write to. */
      readonly inboundStreams: number;
    }
  /** A whole message arrived. `data` may be a view into a larger buffer; it belongs to the receiver of the event. */
  | { readonly type: 'message'; readonly stream: number; readonly ppid: number; readonly data: Uint8Array }
  /** `bufferedAmount(stream)` fell from above the stream's low threshold to it or below. */
  | { readonly type: 'buffered-amount-low'; readonly stream: number }
  /** A write that returned false would succeed now. */
  | { readonly type: 'writable' }
  /** The peer reset these streams of its own (RFC 6525 §5.2.2): it will not send on them again. */
  | { readonly type: 'incoming-reset'; readonly streams: readonly number[] }
  /** The peer confirmed that these streams of ours are reset; their ids may be used anew. */
  | { readonly type: 'outgoing-reset'; readonly streams: readonly number[] }
  /** The peer refused to reset these streams. */
  | { readonly type: 'reset-failed'; readonly streams: readonly number[] }
  /** Shut down in order by either side, all data delivered. Terminal. */
  | { readonly type: 'closed' }
  /** Aborted, or the peer is gone. Terminal. */
  | { readonly type: 'failed'; readonly error: CodedError };

/** Many message streams over one association. */
export interface MessageStreams extends Core<StreamsEvent> {
  readonly interface: 'kaon:message-streams/1';
  /** Takes one received packet. The bytes change owner. */
  handlePacket(bytes: Uint8Array, now: Instant): void;
  /**
   * Queues one message. The data changes owner: the caller must not write to it again.
   * Returns false, and takes nothing, when the send queue is full (wait for `writable`).
   * Throws on a stream that does not exist, an empty message or one above the limit.
   */
  write(stream: number, ppid: number, data: Uint8Array, now: Instant, options?: WriteOptions): boolean;
  /** Bytes written to the stream and not yet handed to the network for the first time. */
  bufferedAmount(stream: number): number;
  /** When `bufferedAmount` falls to this many bytes or below, `buffered-amount-low` is reported. Default 0. */
  setBufferedAmountLowThreshold(stream: number, bytes: number): void;
  /** Higher goes first among streams with data waiting (RFC 8831 §6.4: 128, 256, 512, 1024). Default 256. */
  setPriority(stream: number, priority: number): void;
  /** Resets our outgoing side of these streams once their queued messages are through. */
  resetStreams(streams: readonly number[], now: Instant): void;
  /** Ends in order once all is delivered (RFC 9260 §9.2). Idempotent. */
  shutdown(now: Instant): void;
  /** Ends at once and tells the peer (RFC 9260 §9.1). Idempotent. */
  abort(now: Instant, reason?: string): void;
}
