/*
 * One record on the wire (RFC 6347 §4.1), with an AEAD cipher:
 *
 *   struct {
 *     ContentType type;           1
 *     ProtocolVersion version;    2
 *     uint16 epoch;               2
 *     uint48 sequence_number;     6
 *     uint16 length;              2
 *     opaque nonce_explicit[8];       AES-GCM only (RFC 5288 §3)
 *     opaque content[length - ...];
 *     opaque tag[16];
 *   } DTLSCiphertext;
 */
import type { Aead } from '@kaon/interface/crypto/v1';
import { readU16, writeU16, writeU32 } from '@kaon/wire';
import { RECORD_HEADER_LENGTH, VERSION } from './content-type.ts';

/** How a suite forms its nonces: GCM sends 8 bytes of them (RFC 5288), ChaCha20 none (RFC 7905 §2). */
export type NonceForm = 'explicit' | 'implicit';

/**
 * One direction of one epoch: seals and opens records in place with an AEAD that was keyed once.
 * Nonce and associated data live in scratch arrays, so nothing is allocated per record.
 */
export class Protection {
  /** Bytes in front of the content: record header and explicit nonce. */
  readonly headroom: number;
  /** Bytes behind the content: the tag. */
  readonly tailroom: number;
  readonly #aead: Aead;
  readonly #explicit: boolean;
  readonly #iv: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #aad = new Uint8Array(RECORD_HEADER_LENGTH);

  /** `iv` is the write IV of the key block: 4 bytes of salt for `explicit`, 12 bytes for `implicit`. */
  constructor(aead: Aead, form: NonceForm, iv: Uint8Array) {
    this.#aead = aead;
    this.#explicit = form === 'explicit';
    this.#iv = iv;
    this.headroom = RECORD_HEADER_LENGTH + (this.#explicit ? 8 : 0);
    this.tailroom = aead.tagLength;
    this.#nonce.set(iv);
  }

  /**
   * Makes a record of the content in `buffer[start, end)`: its header begins at `start - headroom`, and the returned
   * number is its end. The caller has checked the room, and never repeats a sequence number.
   */
  seal(
    type: number,
    epoch: number,
    sequenceHigh: number,
    sequenceLow: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): number {
    const header = start - this.headroom;
    buffer[header] = type;
    writeU16(buffer, header + 1, VERSION.dtls12);
    writeU16(buffer, header + 3, epoch);
    writeU16(buffer, header + 5, sequenceHigh);
    writeU32(buffer, header + 7, sequenceLow);
    // The explicit nonce is the record's epoch and sequence number, which never repeat under one key. A random one
    // would (CVE-2026-26014).
    if (this.#explicit) for (let i = 0; i < 8; i++) buffer[header + RECORD_HEADER_LENGTH + i] = buffer[header + 3 + i]!;
    this.#prepare(buffer, header, end - start);
    const sealedEnd = this.#aead.seal(this.#nonce, this.#aad, buffer, start, end);
    writeU16(buffer, header + 11, sealedEnd - header - RECORD_HEADER_LENGTH);
    return sealedEnd;
  }

  /**
   * Opens the record whose header begins at `buffer[header]` and which ends at `end`. Returns the end of the content,
   * which begins at `header + headroom`, or -1 for a record that is too short or not authentic.
   */
  open(buffer: Uint8Array, header: number, end: number): number {
    const start = header + this.headroom;
    const length = end - start - this.tailroom;
    if (length < 0) return -1;
    this.#prepare(buffer, header, length);
    return this.#aead.open(this.#nonce, this.#aad, buffer, start, end);
  }

  /** Gives up the keys. */
  dispose(): void {
    this.#aead.dispose?.();
  }

  /** Fills nonce and associated data (RFC 5246 §6.2.3.3: epoch, sequence number, type, version, length). */
  #prepare(buffer: Uint8Array, header: number, length: number): void {
    const nonce = this.#nonce;
    const aad = this.#aad;
    for (let i = 0; i < 8; i++) aad[i] = buffer[header + 3 + i]!;
    aad[8] = buffer[header]!;
    aad[9] = buffer[header + 1]!;
    aad[10] = buffer[header + 2]!;
    writeU16(aad, 11, length);
    if (this.#explicit) {
      for (let i = 0; i < 8; i++) nonce[4 + i] = buffer[header + RECORD_HEADER_LENGTH + i]!;
    } else {
      for (let i = 0; i < 8; i++) nonce[4 + i] = this.#iv[4 + i]! ^ aad[i]!;
    }
  }
}

/** The length field of the record header at `at`; the caller has checked the bounds. */
export function recordLength(buffer: Uint8Array, at: number): number {
  return readU16(buffer, at + 11);
}
