import { MALFORMED, type Malformed } from '@kaon/wire';
import { checkValue } from './check.ts';

/**
 * Samples of a frame as the encoder saw it, to compare with what the decoder gives (libwebrtc, rtp-hdrext/corruption-detection;
 * draft-sprang-avtcore-corruption-detection-01 §2). A message of one byte only keeps the index in step.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |B|  seq index  |    std dev    | Y err | UV err|   sample 0    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */
export interface CorruptionDetection {
  /** The index into the Halton sequence: 7 bits of the 14. */
  readonly sequenceIndex: number;
  /** Whether they are the upper 7 bits (the lower ones are 0) or the lower. */
  readonly upperBits: boolean;
  /** Undefined in a message that only synchronizes. */
  readonly measurement?: CorruptionMeasurement | undefined;
}

/** Samples, and how exactly they have to be met. */
export interface CorruptionMeasurement {
  /** Standard deviation of the Gaussian filter, 0 to 40, in steps of 40/255. */
  readonly standardDeviation: number;
  /** Errors that are allowed in luma and chroma, 0 to 15. */
  readonly lumaErrorThreshold: number;
  readonly chromaErrorThreshold: number;
  /** 1 to 13 filtered samples, 0 to 255. */
  readonly samples: readonly number[];
}

/** Malformed when the element has neither one byte nor 4 to 16. */
export function readCorruptionDetection(
  bytes: Uint8Array,
  offset: number,
  length: number,
): CorruptionDetection | Malformed {
  if (length !== 1 && !(length > CONFIGURATION && length <= CONFIGURATION + MAX_SAMPLES)) return MALFORMED;
  const sequenceIndex = bytes[offset]! & 0x7f;
  const upperBits = bytes[offset]! >= 0x80;
  if (length === 1) return { sequenceIndex, upperBits };
  const measurement = {
    standardDeviation: (bytes[offset + 1]! * MAX_DEVIATION) / 255,
    lumaErrorThreshold: bytes[offset + 2]! >>> 4,
    chromaErrorThreshold: bytes[offset + 2]! & 0x0f,
    samples: [...bytes.subarray(offset + CONFIGURATION, offset + length)],
  };
  return { sequenceIndex, upperBits, measurement };
}

/** Writes the message and returns its length. */
export function writeCorruptionDetection(buffer: Uint8Array, offset: number, value: CorruptionDetection): number {
  const { sequenceIndex, upperBits, measurement } = value;
  checkValue('sequence index', sequenceIndex, 0, 0x7f);
  buffer[offset] = (upperBits ? 0x80 : 0) | sequenceIndex;
  if (measurement === undefined) return 1;
  const { samples, lumaErrorThreshold, chromaErrorThreshold } = measurement;
  const deviation = Math.round((measurement.standardDeviation * 255) / MAX_DEVIATION);
  checkValue('standard deviation', deviation, 0, 255);
  checkValue('luma error threshold', lumaErrorThreshold, 0, 15);
  checkValue('chroma error threshold', chromaErrorThreshold, 0, 15);
  checkValue('count of samples', samples.length, 1, MAX_SAMPLES);
  buffer[offset + 1] = deviation;
  buffer[offset + 2] = (lumaErrorThreshold << 4) | chromaErrorThreshold;
  for (let i = 0; i < samples.length; i++) {
    checkValue('sample', samples[i]!, 0, 255);
    buffer[offset + CONFIGURATION + i] = samples[i]!;
  }
  return CONFIGURATION + samples.length;
}

/** Bytes that `writeCorruptionDetection` writes. */
export function corruptionDetectionLength(value: CorruptionDetection): number {
  return value.measurement === undefined ? 1 : CONFIGURATION + value.measurement.samples.length;
}

/** Bytes before the samples. */
const CONFIGURATION = 3;
const MAX_SAMPLES = 13;
const MAX_DEVIATION = 40;
