/** RTCP packets as others wrote them down, in hexadecimal digits. */

/** From the tests of pion/rtcp (MIT): one of a dump of packets, RR, SDES, BYE, PLI, a rapid resynchronization request, APP. */
export const REAL_COMPOUND: Uint8Array = hex(`
  81c90007 902f9e2e bc5e9a40 00000000 000046e1 00000111 09f36432 00024a79
  81ca000c 902f9e2e 0126 7b39633030656239322d316166622d396434392d613437642d3931663634656565363966357d 00000000
  81cb0001 902f9e2e
  81ce0002 902f9e2e 902f9e2e
  85cd0002 902f9e2e 902f9e2e
  80cc0003 4baae1ab 4e414d45 41424344`);

/** pion/rtcp, sender_report_test.go. */
export const SENDER_REPORT: Uint8Array = hex(`
  81c8000c 902f9e2e da8bd1fc dddda05a aaf4edd5 00000001 00000002
  bc5e9a40 00000000 000046e1 00000111 09f36432 00024a79`);

/** pion/rtcp, source_description_test.go: two chunks. */
export const TWO_CHUNKS: Uint8Array = hex('82ca0005 01020304 01014100 05060708 0103424344 000000');

/** pion/rtcp, goodbye_test.go. */
export const GOODBYE: Uint8Array = hex('81cb0002 902f9e2e 03464f4f');

/** pion/rtcp, transport_layer_nack_test.go. */
export const NACK: Uint8Array = hex('81cd0003 902f9e2e 902f9e2e aaaa5555');

/** pion/rtcp, slice_loss_indication_test.go. */
export const SLICE_LOSS: Uint8Array = hex('82ce0003 902f9e2e 902f9e2e 5550002c');

/** pion/rtcp, full_intra_request_test.go. */
export const FULL_INTRA: Uint8Array = hex('84ce0006 00000000 4bc4fcb4 12345678 42000000 98765432 57000000');

/** pion/rtcp, receiver_estimated_maximum_bitrate_test.go: sent by Chrome while it watched a stream of 6 Mbit/s. */
export const REMB: Uint8Array = hex('8fce0005 00000001 00000000 52454d42 011a20df 4874ed16');

/** pion/rtcp, transport_layer_cc_test.go, examples 1, 3, 4 and 6 of what is read, 5 of what is written; 3 without padding bit. */
export const TWCC: Readonly<Record<string, Uint8Array>> = {
  // A packet of a call, taken down with Wireshark's reading of it: olivermichel/webrtc-analysis, test/include/data.h.
  captured: hex('afcd0007 00000001 dd586eb6 00010009 5e911000 20091c0c 2c380004 00081801'),
  oneSmall: hex('afcd0005 fa17fa17 43032fa0 00990001 3de80217 20019401'),
  largeThenSmall: hex('8fcd0007 fa17fa17 193dd8bb 01740006 45b15a40 40022004 1ffe1f9a d000d000'),
  sevenSmall: hex('afcd0007 fa17fa17 193dd8bb 00040007 10636e01 20074c24 24100c0c 10000003'),
  oneBitVector: hex('afcd0006 fa17fa17 193dd8bb 0001000e 10636d00 ba00100c 0c100002'),
  twoBitVectorAndRun: hex('afcd0007 9b74f61f 9371dcbc 853c0009 63f916b3 d5520030 9baa6aaa 7b010901'),
};

/** pion/rtcp, transport_layer_cc_test.go: those that must be refused: too few deltas, a reserved symbol, no packets. */
export const BAD_TWCC: Readonly<Record<string, Uint8Array>> = {
  tooFewSmall: hex('afcd0005 fa17fa17 43032fa0 00990003 3de80217 20039401'),
  tooFewLarge: hex('afcd0005 fa17fa17 43032fa0 00990002 3de80217 40029401'),
  reservedSymbol: hex('afcd0006 fa17fa17 193dd8bb 0174000e 45b15a40 d800f0ff d0000003'),
  // As the last one, with room for three bytes.
  reservedRun: hex('8fcd0006 fa17fa17 193dd8bb 01740001 45b15a40 60010101 01000000'),
  // Padding of three bytes would be a delta.
  paddingOverDeltas: hex('afcd0006 fa17fa17 193dd8bb 0001000e 10636d00 ba00100c 0c100003'),
  noPackets: hex('8fcd0004 9acb0442 00000000 00000000 00000000'),
};

/** pion/rtcp, rfc8888_test.go. */
export const CCFB: Uint8Array = hex(`
  8bcd000a 00000001
  00000001 00020004 9ffd9ffc 00000000
  00000002 00020003 9ffd9ffc 00000000
  00000001`);

/** pion/rtcp, extended_report_test.go: every block of RFC 3611. */
export const EXTENDED_REPORT: Uint8Array = hex(`
  80cf0033 01020304
  010c0004 12345689 0005000c 40060006 87650000
  02060004 12345689 0005000c 41233fff ffff0000
  03030007 98765432 3c483cd9 11111111 22222222 33333333 44444444 55555555
  04000002 01020304 05060708
  05000009 88888888 12345678 99999999 09090909 12345678 99999999 11223344 12345678 99999999
  06e80009 fedcba98 12345678 11111111 22222222 33333333 44444444 55555555 66666666 01020304
  07000008 89abcdef 05060708 11112222 33334444 11223344 55667788 99001122 33445566`);

/** Bytes of hexadecimal digits; spaces do not count. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
