import { isMalformed } from '@kaon/wire';
import { withoutDelimiters } from '../codecs/av1.ts';
import { isKeyFrame, keyFrameFacts } from '../codecs/key-frame.ts';
import { codecByFourcc } from '../codecs/names.ts';
import { MediaError } from '../errors.ts';
import { decodeIvfFrameHeader, decodeIvfHeader, IVF_FRAME_HEADER_LENGTH, type IvfHeader } from '../formats/ivf.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ParsedFrame, SingleTrack } from './single.ts';

/** Reads an IVF file by its first bytes. */
export function ivfTrack(head: Uint8Array): SingleTrack {
  const header = decodeIvfHeader(head);
  if (isMalformed(header)) throw new MediaError('MEDIA_MALFORMED', 'this IVF file has a broken header');
  const codec = codecByFourcc(header.fourcc);
  if (codec === undefined) {
    throw new MediaError(
      'MEDIA_TRACK',
      `this IVF file holds ${JSON.stringify(header.fourcc)}, which WebRTC does not send`,
    );
  }
  const { mimeType, kind, clockRate } = codec;
  const first = firstFrame(head, header);
  const facts = first && keyFrameFacts(mimeType, first);
  return {
    format: 'ivf',
    track: {
      kind,
      mimeType,
      clockRate,
      width: facts?.width ?? header.width,
      height: facts?.height ?? header.height,
      // Files whose unit is a millisecond or less say nothing of their frames.
      frameRate: header.rate / header.scale < 1000 ? header.rate / header.scale : undefined,
      sdpFmtpLine: facts?.sdpFmtpLine,
    },
    parse: (bytes) => frames(bytes, header, mimeType),
  };
}

async function* frames(
  bytes: ByteReader,
  { length, rate, scale }: IvfHeader,
  mimeType: string,
): AsyncGenerator<ParsedFrame, boolean> {
  await bytes.skip(length);
  const unit = (1000 * scale) / rate;
  let start: number | undefined;
  let waiting: Omit<ParsedFrame, 'duration'> | undefined;
  let duration = rate / scale < 1000 ? unit : 0;
  let isWhole = true;
  for (;;) {
    const head = await bytes.take(IVF_FRAME_HEADER_LENGTH);
    isWhole = head.length === 0;
    const header = decodeIvfFrameHeader(head);
    if (isMalformed(header)) break;
    const read = await bytes.take(header.length);
    if (read.length < header.length) break;
    start ??= header.time;
    const time = (header.time - start) * unit;
    const data = mimeType === 'video/AV1' ? withoutDelimiters(read) : read;
    if (waiting !== undefined) {
      duration = Math.max(0, time - waiting.time);
      yield { ...waiting, duration };
    }
    waiting = data.length === 0 ? undefined : { data, time, keyFrame: isKeyFrame(mimeType, data) };
  }
  if (waiting !== undefined) yield { ...waiting, duration };
  return isWhole;
}

function firstFrame(head: Uint8Array, { length }: IvfHeader): Uint8Array | undefined {
  const at = length + IVF_FRAME_HEADER_LENGTH;
  const header = decodeIvfFrameHeader(head.subarray(length, at));
  return isMalformed(header) ? undefined : withoutDelimiters(head.subarray(at, at + header.length));
}
