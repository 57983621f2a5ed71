import { AV1_OBU, splitObus } from '@kaon/rtp/payload/av1';
import { isMalformed } from '@kaon/wire';
import { concatBytes } from './nal.ts';

/** A temporal unit without temporal delimiters: what `EncodedFrame` has. Bytes that are no OBUs stay as they are. */
export function withoutDelimiters(unit: Uint8Array): Uint8Array {
  const obus = splitObus(unit);
  if (isMalformed(obus) || !obus.some(({ type }) => type === AV1_OBU.TEMPORAL_DELIMITER)) return unit;
  return concatBytes(
    obus.filter(({ type }) => type !== AV1_OBU.TEMPORAL_DELIMITER).map(({ start, end }) => unit.subarray(start, end)),
  );
}

/** A temporal unit with the delimiter that IVF files have. */
export function withDelimiter(unit: Uint8Array): Uint8Array {
  return unit[0] === DELIMITER[0] ? unit : concatBytes([DELIMITER, unit]);
}

/** A key frame with the sequence header of an `av1C` record, where it has none of its own (AV1 in ISO BMFF §2.3.3). */
export function withSequenceHeader(unit: Uint8Array, av1C: Uint8Array | undefined): Uint8Array {
  if (av1C === undefined || av1C.length <= 4) return unit;
  const obus = splitObus(unit);
  if (isMalformed(obus) || obus.some(({ type }) => type === AV1_OBU.SEQUENCE_HEADER)) return unit;
  return concatBytes([av1C.subarray(4), unit]);
}

/** An OBU of type 2 with a size of 0. */
const DELIMITER = new Uint8Array([0x12, 0x00]);
