/** What SCTP and SRTP need from DTLS, and nothing more. */
import type { CodedError, Core, Instant, Path, TransmitSlot } from '../core/v1.ts';

/** What a secure transport reports. */
export type SecureEvent =
  /** The handshake is complete and the peer is authenticated; application data may flow. */
  | { readonly type: 'connected' }
  /** Both sides agreed to end (close_notify), or we closed. Terminal. */
  | { readonly type: 'closed' }
  /** The transport is unusable; nothing more will be delivered. Terminal. */
  | { readonly type: 'failed'; readonly error: CodedError };

/** A transport that authenticates its peer, then seals and opens records in place. */
export interface SecureTransport<E extends { readonly type: string } = SecureEvent> extends Core<SecureEvent | E> {
  readonly interface: 'kaon:secure-transport/1';
  /** Bytes that must be free in front of a plaintext given to `seal`. */
  readonly headroom: number;
  /** Bytes that must be free between the plaintext's end and the slot's limit. */
  readonly tailroom: number;
  /** Takes one received datagram of records. The bytes change owner. */
  handleRecord(bytes: Uint8Array, path: Path, now: Instant): void;
  /** Turns the plaintext in `slot.buffer[start, end)` into a record in place. Throws before `connected`. */
  seal(slot: TransmitSlot, now: Instant): void;
  /** The next decrypted application datagram, a view into bytes that were handed over; undefined when none waits. */
  pollPlaintext(): Uint8Array | undefined;
  /** RFC 5705 exporter (without context). Throws before `connected`. */
  exportKeyingMaterial(label: string, length: number): Uint8Array;
  /** The negotiated SRTP protection profile (RFC 5764 §4.1.2), undefined when none was negotiated. */
  readonly srtpProfile: number | undefined;
  /** Ends the transport politely; `closed` follows. Idempotent. */
  close(now: Instant): void;
}
