/** How STUN messages are written (RFC 8489 §5, §14). */
import type { TransmitSlot } from '@kaon/interface/core/v1';
import type { Mac } from '@kaon/interface/crypto/v1';
import { fillSlot, Writer } from '@kaon/wire';
import { type Attribute, codecByType } from './attribute.ts';
import { isSha256TagLength } from './attributes/message-integrity-sha256.ts';
import { StunError } from './errors.ts';
import { FINGERPRINT, FINGERPRINT_LENGTH, fingerprintOf } from './fingerprint.ts';
import { HEADER_LENGTH, MAGIC_COOKIE, messageType, TRANSACTION_ID_LENGTH } from './header.ts';
import { integrityTag, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, SHA1_LENGTH, SHA256_LENGTH } from './integrity.ts';
import type { StunMessage } from './message.ts';

/** What `encodeMessage` computes and appends. */
export interface EncodeOptions {
  /** Append MESSAGE-INTEGRITY under this HMAC-SHA1. */
  readonly integrity?: Mac | undefined;
  /** Append MESSAGE-INTEGRITY-SHA256 under this HMAC-SHA256. */
  readonly integritySha256?: Mac | undefined;
  /** Bytes of the HMAC-SHA256 to send: 16, 20, 24, 28 or 32 (default). Truncation needs an agreement (RFC 8489 §14.6). */
  readonly integritySha256Length?: number | undefined;
  /** Append FINGERPRINT. Default false. */
  readonly fingerprint?: boolean | undefined;
}

/**
 * The message as bytes. Integrity and FINGERPRINT attributes in the message are written as they stand when no option
 * asks for any of them; otherwise they are left out, since they would be stale. Throws `StunError`
 * (`STUN_INVALID_MESSAGE`) for a field that does not fit.
 */
export function encodeMessage(message: StunMessage, options: EncodeOptions = {}): Uint8Array {
  const { integrity, integritySha256, integritySha256Length = SHA256_LENGTH, fingerprint = false } = options;
  check(message, integritySha256Length);
  const computes = integrity !== undefined || integritySha256 !== undefined || fingerprint;
  const writer = new Writer();
  try {
    writer.u16(messageType(message.class, message.method)).u16(0).u32(MAGIC_COOKIE).bytes(message.transactionId);
    for (const each of message.attributes) {
      if (!computes || !isComputed(each)) writeAttribute(writer, each, message.transactionId);
    }
    if (integrity !== undefined) writeIntegrity(writer, MESSAGE_INTEGRITY, SHA1_LENGTH, integrity);
    if (integritySha256 !== undefined) {
      writeIntegrity(writer, MESSAGE_INTEGRITY_SHA256, integritySha256Length, integritySha256);
    }
    if (fingerprint) {
      writer.patchU16(2, writer.length + FINGERPRINT_LENGTH - HEADER_LENGTH);
      const crc = fingerprintOf(writer.peek(), writer.length);
      writer.u16(FINGERPRINT).u16(4).u32(crc);
    }
    writer.patchU16(2, writer.length - HEADER_LENGTH);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new StunError('STUN_INVALID_MESSAGE', `the message cannot be encoded: ${cause.message}`, { cause });
  }
  return writer.finish();
}

/** Writes the message at the slot's start. False, and nothing changed, when it does not fit. Throws as `encodeMessage`. */
export function writeMessage(slot: TransmitSlot, message: StunMessage, options?: EncodeOptions): boolean {
  return fillSlot(slot, encodeMessage(message, options));
}

function check(message: StunMessage, sha256Length: number): void {
  if (message.transactionId.length !== TRANSACTION_ID_LENGTH) {
    throw new StunError('STUN_INVALID_MESSAGE', `a transaction id has ${TRANSACTION_ID_LENGTH} bytes`);
  }
  // Larger ones, reserved by RFC 8489 §18.2, would have a first byte above 3, which is not STUN's (RFC 7983 §7).
  if (!Number.isInteger(message.method) || message.method < 0 || message.method > 0xff) {
    throw new StunError('STUN_INVALID_MESSAGE', `${message.method} is not a method`);
  }
  if (!isSha256TagLength(sha256Length)) {
    throw new StunError('STUN_INVALID_ARGUMENT', 'an HMAC-SHA256 has 16, 20, 24, 28 or 32 bytes');
  }
}

function isComputed(attribute: Attribute): boolean {
  const { type } = attribute;
  return type === 'message-integrity' || type === 'message-integrity-sha256' || type === 'fingerprint';
}

function writeAttribute(writer: Writer, attribute: Attribute, transactionId: Uint8Array): void {
  const codec = codecByType(attribute.type);
  const at = writer.length;
  if (attribute.type === 'unknown') {
    writer.u16(attribute.attributeType).u16(0).bytes(attribute.value);
  } else if (codec !== undefined) {
    writer.u16(codec.code).u16(0);
    codec.encode(writer, attribute, transactionId);
  } else {
    throw new RangeError(`there is no attribute ${String(attribute.type)}`);
  }
  const length = writer.length - at - 4;
  writer.patchU16(at + 2, length).zeros(-length & 3);
}

function writeIntegrity(writer: Writer, type: number, length: number, mac: Mac): void {
  const tag = integrityTag(writer.peek(), writer.length, length, mac);
  writer.u16(type).u16(length).bytes(tag.subarray(0, length));
}
