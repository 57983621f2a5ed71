/** The codecs of an RTP media section, put together from rtpmap, fmtp and rtcp-fb (RFC 8829 §5.8.3). */
import { fmtp } from './attributes/fmtp.ts';
import { type RtcpFeedback, rtcpFb } from './attributes/rtcp-fb.ts';
import { type RtpMap, rtpmap } from './attributes/rtpmap.ts';
import { decimal, readAttributes } from './codec.ts';
import type { MediaDescription } from './model.ts';

/** One payload type and all that is said of it. */
export interface RtpCodec extends RtpMap {
  /** Parameters as they are written; undefined when there are none. */
  readonly parameters?: string | undefined;
  /** Feedback for this payload type, or for all of them. */
  readonly feedback: readonly Pick<RtcpFeedback, 'type' | 'parameter'>[];
}

/** The codecs in the order of the m= line: the sender's preference. Payload types that stand for nothing are left out. */
export function readRtpCodecs(media: MediaDescription): RtpCodec[] {
  const maps = new Map(readAttributes(media, rtpmap).map((map) => [map.payloadType, map]));
  const parameters = new Map(readAttributes(media, fmtp).map((each) => [each.format, each.parameters]));
  const feedback = readAttributes(media, rtcpFb);
  const codecs: RtpCodec[] = [];
  for (const format of media.formats) {
    const payloadType = decimal(format, 127);
    const map = payloadType === undefined ? undefined : (maps.get(payloadType) ?? STATIC.get(payloadType));
    if (map === undefined) continue;
    codecs.push({
      ...map,
      ...(parameters.has(format) && { parameters: parameters.get(format) }),
      feedback: feedback
        .filter((each) => each.payloadType === '*' || each.payloadType === map.payloadType)
        .map(({ type, parameter }) => (parameter === undefined ? { type } : { type, parameter })),
    });
  }
  return codecs;
}

/** Payload types that need no rtpmap (RFC 3551 §6) and that WebRTC peers still use. */
const STATIC: ReadonlyMap<number, RtpMap> = new Map(
  (
    [
      [0, 'PCMU', 8000],
      [3, 'GSM', 8000],
      [8, 'PCMA', 8000],
      // RTP counts G722 in 8000 Hz by an old mistake that is part of the standard (RFC 3551 §4.5.2).
      [9, 'G722', 8000],
      [13, 'CN', 8000],
      [18, 'G729', 8000],
      [26, 'JPEG', 90000],
      [31, 'H261', 90000],
      [34, 'H263', 90000],
    ] as const
  ).map(([payloadType, encodingName, clockRate]) => [payloadType, { payloadType, encodingName, clockRate }]),
);
