export {
  addressFamily,
  addressFromBytes,
  addressToBytes,
  canonicalAddress,
  formatAddress,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  sameAddress,
  samePath,
  transportAddress,
} from './address.ts';
export { Deque } from './deque.ts';
export { concatBytes, equalBytes, equalConstantTime } from './equal.ts';
export { isMalformed, MALFORMED, type Malformed } from './malformed.ts';
export { Reader, readU16, readU32 } from './reader.ts';
export { add16, add32, before16, before32, distance16, distance32 } from './serial.ts';
export { fillSlot, Slot } from './slot.ts';
export { Timers } from './timers.ts';
export { decodeUtf8, encodeUtf8 } from './utf8.ts';
export { Writer, writeU16, writeU32 } from './writer.ts';
