/**
 * Send and Data indications (RFC 8656 §11) without a message object for each: what is the same in all that go to one peer
 * is made once, and what comes from the peer that spoke last is recognised by its bytes.
 */
import type { TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { type Attribute, encodeMessage, HEADER_LENGTH, METHOD, TRANSACTION_ID_LENGTH } from '@kaon/stun';
import { readU16, readU32, writeU16 } from '@kaon/wire';

/**
 * A Send indication to a peer up to its data: header, XOR-PEER-ADDRESS, DONT-FRAGMENT where wanted, header of DATA. All
 * indications to a peer share a transaction id; nothing answers them, so nothing needs to tell them apart.
 */
export function sendTemplate(peer: TransportAddress, dontFragment: boolean, random: RandomSource): Uint8Array {
  const transactionId = new Uint8Array(TRANSACTION_ID_LENGTH);
  random(transactionId);
  const attributes: Attribute[] = [{ type: 'xor-peer-address', address: peer }];
  if (dontFragment) attributes.push({ type: 'dont-fragment' });
  attributes.push({ type: 'data', data: new Uint8Array(0) });
  return encodeMessage({ class: 'indication', method: METHOD.Send, transactionId, attributes });
}

/** Writes an indication with `buffer[start, end)` as its data. False: it does not fit, and nothing changed. */
export function writeSendIndication(
  slot: TransmitSlot,
  template: Uint8Array,
  buffer: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = end - start;
  const at = slot.start + template.length;
  const padding = -length & 3;
  const total = template.length + length + padding;
  if (slot.start + total > slot.limit || total - HEADER_LENGTH > 0xffff) return false;
  copy(slot.buffer, at, buffer, start, end);
  slot.buffer.set(template, slot.start);
  slot.buffer.fill(0, at + length, at + length + padding);
  writeU16(slot.buffer, slot.start + 2, total - HEADER_LENGTH);
  writeU16(slot.buffer, at - 2, length);
  slot.end = slot.start + total;
  return true;
}

/** Copies `buffer[start, end)` to `to[at]`, also within one buffer. */
export function copy(to: Uint8Array, at: number, buffer: Uint8Array, start: number, end: number): void {
  if (to === buffer) to.copyWithin(at, start, end);
  else to.set(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end), at);
}

/** Whether a message is a Data indication, by its type. */
export function isDataIndication(bytes: Uint8Array): boolean {
  return bytes[0] === 0x00 && bytes[1] === 0x17;
}

/**
 * The data of a Data indication from the IPv4 peer whose `template` this is; undefined for one from another peer, or with
 * anything in it but the address and the data. The caller has checked the frame with `isStun`.
 */
export function dataFrom(bytes: Uint8Array, template: Uint8Array): Uint8Array | undefined {
  // Without FINGERPRINT and SOFTWARE, which are none of our business, it is 20 + 12 + 4 bytes and the data.
  let data: Uint8Array | undefined;
  let known = false;
  for (let at = HEADER_LENGTH; at < bytes.length; ) {
    const type = readU16(bytes, at);
    const length = readU16(bytes, at + 2);
    if (length > bytes.length - at - 4) return undefined;
    if (type === XOR_PEER_ADDRESS) {
      // The same bytes as we send: for IPv4 only the magic cookie is mixed in, not the transaction id.
      if (length !== 8 || known || readU32(bytes, at + 4) !== readU32(template, HEADER_LENGTH + 4)) return undefined;
      if (readU32(bytes, at + 8) !== readU32(template, HEADER_LENGTH + 8)) return undefined;
      known = true;
    } else if (type === DATA && data === undefined) data = bytes.subarray(at + 4, at + 4 + length);
    else if (type < 0x8000 || type === ICMP) return undefined;
    at += 4 + length + (-length & 3);
  }
  return known ? data : undefined;
}

const XOR_PEER_ADDRESS = 0x0012;
const DATA = 0x0013;
const ICMP = 0x8004;
