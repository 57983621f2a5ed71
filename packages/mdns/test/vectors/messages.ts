/** Messages as others send them, byte for byte. */

/** Bytes of text in hexadecimal. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

const LABEL_24 = '24' + [...'1f4712db-ea17-4bcf-a596-105139dfd8bf'].map((c) => c.charCodeAt(0).toString(16)).join('');
const LOCAL = '05 6c6f63616c 00';

export const NAME = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local';

/** RFC 6762 §5: a question for A, class IN. */
export const QUERY_A: Uint8Array = hex(`0000 0000 0001 0000 0000 0000 ${LABEL_24} ${LOCAL} 0001 0001`);

/** The same with the top bit of the class: answer me alone (RFC 6762 §5.4). */
export const QUERY_UNICAST: Uint8Array = hex(`0000 0000 0001 0000 0000 0000 ${LABEL_24} ${LOCAL} 0001 8001`);

/** Two questions with a compressed name, as Bonjour and Pion ask. */
export const QUERY_BOTH: Uint8Array = hex(
  `0000 0000 0002 0000 0000 0000 ${LABEL_24} ${LOCAL} 0001 0001  c00c 001c 0001`,
);

/** As Chromium answers (services/network/mdns_responder.cc): one A with cache-flush and 120 s, and an NSEC beside it. */
export const RESPONSE_A: Uint8Array = hex(
  `0000 8400 0000 0001 0000 0001
   ${LABEL_24} ${LOCAL} 0001 8001 00000078 0004 c0a80102
   c00c 002f 8001 00000078 0005 c00c 0001 40`,
);

/** Taken back: lifetime 0 (RFC 6762 §10.1). */
export const GOODBYE: Uint8Array = hex(
  `0000 8400 0000 0001 0000 0000 ${LABEL_24} ${LOCAL} 0001 8001 00000000 0004 c0a80102`,
);

/** A printer that announces its service: PTR, SRV, TXT and AAAA. */
export const RESPONSE_SERVICE: Uint8Array = hex(
  `0000 8400 0000 0003 0000 0001
   04 5f697070 04 5f746370 ${LOCAL}  000c 0001 00001194 000b 08 7072696e746572 31 c00c
   c027 0021 8001 00000078 0010 0000 0000 0277 07 7072696e746572 c016
   c027 0010 8001 00001194 0009 08 7478747665 72733d
   c044 001c 8001 00000078 0010 fe80 0000 0000 0000 0000 0000 0000 0001`,
);

export const ALL: readonly Uint8Array[] = [
  QUERY_A,
  QUERY_UNICAST,
  QUERY_BOTH,
  RESPONSE_A,
  GOODBYE,
  RESPONSE_SERVICE,
];
