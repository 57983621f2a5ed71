export { decodeRed, encodeRed, type RedBlock, redLength, writeRed } from './blocks.ts';
export { createRedDepacketizer, type RedDepacketizerOptions } from './depacketizer.ts';
export { unwrapRed, wrapRed, wrapRedLength } from './packet.ts';
export { createRedPacketizer, type RedPacketizerOptions } from './packetizer.ts';
