/** STUN messages as plain objects, and how they are read (RFC 8489 §5, §14). */
import { isMalformed, MALFORMED, type Malformed, Reader, readU16 } from '@kaon/wire';
import { type Attribute, COMPREHENSION_OPTIONAL, codecByCode } from './attribute.ts';
import { StunError } from './errors.ts';
import { FINGERPRINT } from './fingerprint.ts';
import { classOf, HEADER_LENGTH, isStun, methodOf, type StunClass } from './header.ts';
import { MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256 } from './integrity.ts';

/** A STUN message. */
export interface StunMessage {
  readonly class: StunClass;
  /** 0 to 0xff; `METHOD` has the known ones. */
  readonly method: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  /** In the order of the wire. */
  readonly attributes: readonly Attribute[];
}

/**
 * Reads a message. Byte strings in it are views into `bytes`. Refused as a whole: a wrong frame, attributes that do not
 * fit it, and a malformed attribute that must be understood; one that need not be is kept as `unknown`. What stands
 * behind an integrity attribute is left out, except further integrity and FINGERPRINT (RFC 8489 §14.5 to §14.7);
 * nothing is checked against a key here, see `verifyIntegrity`.
 */
export function decodeMessage(bytes: Uint8Array): StunMessage | Malformed {
  if (!isStun(bytes)) return MALFORMED;
  const type = readU16(bytes, 0);
  const transactionId = bytes.subarray(8, HEADER_LENGTH);
  const attributes: Attribute[] = [];
  let stage: Stage = Stage.open;
  for (let at = HEADER_LENGTH; at < bytes.length; ) {
    const attributeType = readU16(bytes, at);
    const length = readU16(bytes, at + 2);
    // The frame is a multiple of four, so an attribute header always fits and padding does when the value does.
    if (length > bytes.length - at - 4) return MALFORMED;
    const next = stageAt(stage, attributeType);
    if (next !== undefined) {
      const decoded = decodeAttribute(attributeType, new Reader(bytes, at + 4, at + 4 + length), transactionId);
      if (isMalformed(decoded)) return MALFORMED;
      attributes.push(decoded);
      stage = next;
    }
    at += 4 + length + (-length & 3);
  }
  return { class: classOf(type), method: methodOf(type), transactionId, attributes };
}

/** As `decodeMessage`, but throws `StunError` (`STUN_MALFORMED`). */
export function parseMessage(bytes: Uint8Array): StunMessage {
  const message = decodeMessage(bytes);
  if (isMalformed(message)) throw new StunError('STUN_MALFORMED', 'the bytes are not a well-formed STUN message');
  return message;
}

/** The first attribute of a kind; later ones of the same kind do not count (RFC 8489 §14). */
export function attribute<T extends Attribute['type']>(
  message: StunMessage,
  type: T,
): Extract<Attribute, { type: T }> | undefined {
  return message.attributes.find((each): each is Extract<Attribute, { type: T }> => each.type === type);
}

/** Types of the attributes that must be understood and are not known here: the content of a 420 response (RFC 8489 §6.3.1). */
export function unknownRequired(message: StunMessage): readonly number[] {
  const types = new Set<number>();
  for (const each of message.attributes) {
    if (each.type === 'unknown' && each.attributeType < COMPREHENSION_OPTIONAL) types.add(each.attributeType);
  }
  return [...types];
}

/** How far a message has come: what may still follow depends on it. */
const Stage: { readonly open: 0; readonly sha1: 1; readonly sha256: 2; readonly fingerprint: 3 } = {
  open: 0,
  sha1: 1,
  sha256: 2,
  fingerprint: 3,
};
type Stage = (typeof Stage)[keyof typeof Stage];

/** The stage behind an attribute, or undefined when the attribute is to be ignored where it stands. */
function stageAt(stage: Stage, attributeType: number): Stage | undefined {
  const next =
    attributeType === MESSAGE_INTEGRITY
      ? Stage.sha1
      : attributeType === MESSAGE_INTEGRITY_SHA256
        ? Stage.sha256
        : attributeType === FINGERPRINT
          ? Stage.fingerprint
          : Stage.open;
  return stage === Stage.open || next > stage ? next : undefined;
}

function decodeAttribute(type: number, value: Reader, transactionId: Uint8Array): Attribute | Malformed {
  const start = value.offset;
  const codec = codecByCode(type);
  if (codec !== undefined) {
    const decoded = codec.decode(value, transactionId);
    if (!isMalformed(decoded) && !value.failed && value.remaining === 0) return decoded;
    if (type < COMPREHENSION_OPTIONAL) return MALFORMED;
  }
  return { type: 'unknown', attributeType: type, value: value.bytes.subarray(start, value.end) };
}
