import { readU16, readU32 } from '@kaon/wire';
import type { XrBlock, XrStatisticsSummary, XrVoipMetrics } from './blocks.ts';

/**
 * Reads the block at `bytes[at - 4, end)`, whose header says `blockType` and `typeSpecific`. Undefined when its length does not
 * fit its type.
 */
export function decodeXrBlock(
  bytes: Uint8Array,
  at: number,
  end: number,
  blockType: number,
  typeSpecific: number,
): XrBlock | undefined {
  const size = end - at;
  switch (blockType) {
    case 1:
    case 2: {
      if (size < 8) return undefined;
      const chunks: number[] = [];
      for (let i = at + 8; i < end; i += 2) chunks.push(readU16(bytes, i));
      return { block: blockType === 1 ? 'loss-rle' : 'duplicate-rle', ...thinned(bytes, at, typeSpecific), chunks };
    }
    case 3: {
      if (size < 8) return undefined;
      const receiptTimes: number[] = [];
      for (let i = at + 8; i < end; i += 4) receiptTimes.push(readU32(bytes, i));
      return { block: 'packet-receipt-times', ...thinned(bytes, at, typeSpecific), receiptTimes };
    }
    case 4:
      if (size !== 8) return undefined;
      return {
        block: 'receiver-reference-time',
        ntpSeconds: readU32(bytes, at),
        ntpFraction: readU32(bytes, at + 4),
      };
    case 5: {
      if (size % 12 !== 0) return undefined;
      const reports: { ssrc: number; lastReceiverReport: number; delaySinceLastReceiverReport: number }[] = [];
      for (let i = at; i < end; i += 12) {
        reports.push({
          ssrc: readU32(bytes, i),
          lastReceiverReport: readU32(bytes, i + 4),
          delaySinceLastReceiverReport: readU32(bytes, i + 8),
        });
      }
      return { block: 'dlrr', reports };
    }
    case 6:
      return size === 36 ? statisticsSummary(bytes, at, typeSpecific) : undefined;
    case 7:
      return size === 32 ? voipMetrics(bytes, at) : undefined;
    default:
      return { block: 'unknown', blockType, typeSpecific, body: bytes.slice(at, end) };
  }
}

function thinned(
  bytes: Uint8Array,
  at: number,
  typeSpecific: number,
): { thinning: number; ssrc: number; beginSequence: number; endSequence: number } {
  return {
    thinning: typeSpecific & 0x0f,
    ssrc: readU32(bytes, at),
    beginSequence: readU16(bytes, at + 4),
    endSequence: readU16(bytes, at + 6),
  };
}

function statisticsSummary(bytes: Uint8Array, at: number, flags: number): XrStatisticsSummary {
  const hops = (flags >> 3) & 3;
  return {
    block: 'statistics-summary',
    ssrc: readU32(bytes, at),
    beginSequence: readU16(bytes, at + 4),
    endSequence: readU16(bytes, at + 6),
    lostPackets: (flags & 0x80) !== 0 ? readU32(bytes, at + 8) : undefined,
    duplicatePackets: (flags & 0x40) !== 0 ? readU32(bytes, at + 12) : undefined,
    jitter:
      (flags & 0x20) !== 0
        ? {
            min: readU32(bytes, at + 16),
            max: readU32(bytes, at + 20),
            mean: readU32(bytes, at + 24),
            deviation: readU32(bytes, at + 28),
          }
        : undefined,
    // 3 is reserved and read as nothing.
    hops:
      hops === 1 || hops === 2
        ? {
            family: hops === 1 ? 'IPv4' : 'IPv6',
            min: bytes[at + 32]!,
            max: bytes[at + 33]!,
            mean: bytes[at + 34]!,
            deviation: bytes[at + 35]!,
          }
        : undefined,
  };
}

function voipMetrics(bytes: Uint8Array, at: number): XrVoipMetrics {
  return {
    block: 'voip-metrics',
    ssrc: readU32(bytes, at),
    lossRate: bytes[at + 4]!,
    discardRate: bytes[at + 5]!,
    burstDensity: bytes[at + 6]!,
    gapDensity: bytes[at + 7]!,
    burstDuration: readU16(bytes, at + 8),
    gapDuration: readU16(bytes, at + 10),
    roundTripDelay: readU16(bytes, at + 12),
    endSystemDelay: readU16(bytes, at + 14),
    signalLevel: (bytes[at + 16]! << 24) >> 24,
    noiseLevel: (bytes[at + 17]! << 24) >> 24,
    residualEchoReturnLoss: bytes[at + 18]!,
    gmin: bytes[at + 19]!,
    rFactor: bytes[at + 20]!,
    externalRFactor: bytes[at + 21]!,
    mosListening: bytes[at + 22]!,
    mosConversational: bytes[at + 23]!,
    receiverConfiguration: bytes[at + 24]!,
    jitterBufferNominal: readU16(bytes, at + 26),
    jitterBufferMaximum: readU16(bytes, at + 28),
    jitterBufferAbsoluteMaximum: readU16(bytes, at + 30),
  };
}
