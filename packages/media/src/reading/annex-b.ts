import { keyFrameFacts } from '../codecs/key-frame.ts';
import { H264, H265 } from '../codecs/nal.ts';
import { codecByName } from '../codecs/names.ts';
import { AccessUnitReader } from '../formats/annex-b.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ParsedFrame, SingleTrack } from './single.ts';

/** Reads a byte stream of H.264 or H.265 by its first bytes. It has no times: `frameRate` says how many frames a second has. */
export function annexBTrack(head: Uint8Array, format: 'h264' | 'h265', frameRate: number): SingleTrack {
  const codec = format === 'h264' ? H264 : H265;
  const { mimeType, kind, clockRate } = codecByName(format === 'h264' ? 'video/H264' : 'video/H265')!;
  const units = new AccessUnitReader(codec);
  units.push(head);
  units.finish();
  let facts: ReturnType<typeof keyFrameFacts>;
  for (let unit = units.poll(); unit !== undefined && facts === undefined; unit = units.poll()) {
    facts = keyFrameFacts(mimeType, unit.data);
  }
  return {
    format,
    track: {
      kind,
      mimeType,
      clockRate,
      frameRate,
      width: facts?.width,
      height: facts?.height,
      sdpFmtpLine: facts?.sdpFmtpLine,
    },
    parse: (bytes) => frames(bytes, new AccessUnitReader(codec), 1000 / frameRate),
  };
}

async function* frames(
  bytes: ByteReader,
  units: AccessUnitReader,
  duration: number,
): AsyncGenerator<ParsedFrame, boolean> {
  let count = 0;
  for (let isOver = false; !isOver; ) {
    const chunk = await bytes.take(CHUNK);
    isOver = chunk.length === 0 || units.failed;
    if (isOver) units.finish();
    else units.push(chunk);
    for (let unit = units.poll(); unit !== undefined; unit = units.poll()) {
      yield { ...unit, time: count++ * duration, duration };
    }
  }
  return !units.failed;
}

const CHUNK = 16_384;
