/** Packets of libwebrtc's own tests: modules/rtp_rtcp/source/rtp_packet_unittest.cc. */
import { hex } from '../helpers/hex.ts';

const HEADER = '64 1234 65431278 12345678';

export const MINIMUM: Uint8Array = hex(`80 ${HEADER}`);
export const WITH_OFFSET: Uint8Array = hex(`90 ${HEADER} bede 0001 12 0056ce`);
export const WITH_OFFSET_AND_LEVEL: Uint8Array = hex(`90 ${HEADER} bede 0002 12 0056ce 90 da 0000`);
export const TWO_BYTE_LAST: Uint8Array = hex(`90 ${HEADER} 1000 0004 0103 0056ce 0901 da f003 003022 000000`);
export const TWO_BYTE_FIRST: Uint8Array = hex(`90 ${HEADER} 1000 0004 f003 003022 0103 0056ce 0901 da 000000`);
/** A padding element with a length: reading stops there. */
export const INVALID_PADDING: Uint8Array = hex(`90 ${HEADER} bede 0003 12 0056ce 00 02 0000 90 da 0000`);
/** Id 15: reading stops there. */
export const RESERVED_ID: Uint8Array = hex(`90 ${HEADER} bede 0003 12 0056ce 00 f0 0000 90 da 0000`);
export const WITH_RID: Uint8Array = hex(`90 ${HEADER} bede 0003 a7 73747265616d6964 000000`);
export const WITH_MID: Uint8Array = hex(`90 ${HEADER} bede 0001 b2 6d6964`);
export const FULL: Uint8Array = hex(
  `b2 ${HEADER} 34567890 32435465 bede 0001 12 0056ce 7061796c6f6164 70616464696e67 08`,
);
export const TWO_BYTE: Uint8Array = hex(`90 ${HEADER} 1000 0002 f003 0056ce 000000`);
export const TWO_BYTE_LONG: Uint8Array = hex(
  `90 ${HEADER} 1000 000b f029 65787472612d6c6f6e6720737472696e6720746f20746573742074776f2d6279746520686561646572 00`,
);
export const TWO_BYTE_PADDED: Uint8Array = hex(`90 ${HEADER} 1000 0003 f003 0056ce 000000 0901 da 00`);
/** The offset has seven bytes instead of three. */
export const LONG_OFFSET: Uint8Array = hex(`90 ${HEADER} bede 0002 16 65787464617461 7061796c6f6164`);
/** Video timing as old versions sent it: without flags. */
export const LEGACY_TIMING: Uint8Array = hex(`90 ${HEADER} bede 0004 cb 000100020003000400000000 000000`);
