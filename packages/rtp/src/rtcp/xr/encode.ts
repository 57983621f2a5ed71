import type { Writer } from '@kaon/wire';
import { checkRange, refuse } from '../misuse.ts';
import type { XrBlock, XrStatisticsSummary, XrVoipMetrics } from './blocks.ts';
import { checkChunks } from './run-lengths.ts';

/** Writes one block with its header. Throws RtpError or RangeError for fields that do not fit. */
export function encodeXrBlock(writer: Writer, block: XrBlock): void {
  const start = writer.length;
  writer.u8(blockTypeOf(block)).u8(typeSpecificOf(block)).u16(0);
  writeBody(writer, block);
  const size = writer.length - start - 4;
  if (size % 4 !== 0 || size / 4 > 0xffff) refuse(`XR block of ${size} bytes`);
  writer.patchU16(start + 2, size / 4);
}

function writeBody(writer: Writer, block: XrBlock): void {
  switch (block.block) {
    case 'loss-rle':
    case 'duplicate-rle':
      checkChunks(block.chunks);
      writer.u32(block.ssrc).u16(block.beginSequence).u16(block.endSequence);
      for (const chunk of block.chunks) writer.u16(chunk);
      if (block.chunks.length % 2 !== 0) writer.u16(0);
      break;
    case 'packet-receipt-times':
      writer.u32(block.ssrc).u16(block.beginSequence).u16(block.endSequence);
      for (const time of block.receiptTimes) writer.u32(time);
      break;
    case 'receiver-reference-time':
      writer.u32(block.ntpSeconds).u32(block.ntpFraction);
      break;
    case 'dlrr':
      for (const { ssrc, lastReceiverReport, delaySinceLastReceiverReport } of block.reports) {
        writer.u32(ssrc).u32(lastReceiverReport).u32(delaySinceLastReceiverReport);
      }
      break;
    case 'statistics-summary':
      writeStatisticsSummary(writer, block);
      break;
    case 'voip-metrics':
      writeVoipMetrics(writer, block);
      break;
    default:
      writer.bytes(block.body);
  }
}

function writeStatisticsSummary(writer: Writer, block: XrStatisticsSummary): void {
  const { jitter, hops } = block;
  writer.u32(block.ssrc).u16(block.beginSequence).u16(block.endSequence);
  writer.u32(block.lostPackets ?? 0).u32(block.duplicatePackets ?? 0);
  writer
    .u32(jitter?.min ?? 0)
    .u32(jitter?.max ?? 0)
    .u32(jitter?.mean ?? 0)
    .u32(jitter?.deviation ?? 0);
  writer
    .u8(hops?.min ?? 0)
    .u8(hops?.max ?? 0)
    .u8(hops?.mean ?? 0)
    .u8(hops?.deviation ?? 0);
}

function writeVoipMetrics(writer: Writer, block: XrVoipMetrics): void {
  checkRange('signal level', block.signalLevel, -128, 127);
  checkRange('noise level', block.noiseLevel, -128, 127);
  writer.u32(block.ssrc);
  writer.u8(block.lossRate).u8(block.discardRate).u8(block.burstDensity).u8(block.gapDensity);
  writer.u16(block.burstDuration).u16(block.gapDuration).u16(block.roundTripDelay).u16(block.endSystemDelay);
  writer
    .u8(block.signalLevel & 0xff)
    .u8(block.noiseLevel & 0xff)
    .u8(block.residualEchoReturnLoss)
    .u8(block.gmin);
  writer.u8(block.rFactor).u8(block.externalRFactor).u8(block.mosListening).u8(block.mosConversational);
  writer.u8(block.receiverConfiguration).u8(0).u16(block.jitterBufferNominal);
  writer.u16(block.jitterBufferMaximum).u16(block.jitterBufferAbsoluteMaximum);
}

function blockTypeOf(block: XrBlock): number {
  return block.block === 'unknown' ? block.blockType : BLOCK_TYPES[block.block];
}

function typeSpecificOf(block: XrBlock): number {
  switch (block.block) {
    case 'loss-rle':
    case 'duplicate-rle':
    case 'packet-receipt-times':
      checkRange('thinning', block.thinning, 0, 15);
      return block.thinning;
    case 'statistics-summary':
      return (
        (block.lostPackets !== undefined ? 0x80 : 0) |
        (block.duplicatePackets !== undefined ? 0x40 : 0) |
        (block.jitter !== undefined ? 0x20 : 0) |
        (block.hops === undefined ? 0 : block.hops.family === 'IPv4' ? 0x08 : 0x10)
      );
    case 'unknown':
      return block.typeSpecific;
    default:
      return 0;
  }
}

const BLOCK_TYPES: Readonly<Record<Exclude<XrBlock['block'], 'unknown'>, number>> = {
  'loss-rle': 1,
  'duplicate-rle': 2,
  'packet-receipt-times': 3,
  'receiver-reference-time': 4,
  dlrr: 5,
  'statistics-summary': 6,
  'voip-metrics': 7,
};
