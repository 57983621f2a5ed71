import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import { EXTENSION_URI, encodeRtp, type RtpHeader, RtpPacket } from '@kaon/rtp';

/** Feedback that browsers agree on for video. */
export const VIDEO_FEEDBACK: StreamInfo['feedback'] = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
];

/** A video stream with RTX. */
export function video(changes: Partial<StreamInfo> = {}): StreamInfo {
  return {
    ssrc: 0x2222,
    kind: 'video',
    mid: '1',
    cname: 'someone',
    payloads: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90_000, rtxPayloadType: 97 }],
    rtxSsrc: 0x3333,
    feedback: VIDEO_FEEDBACK,
    extensions: [
      { id: 1, uri: EXTENSION_URI.mid },
      { id: 2, uri: EXTENSION_URI.rid },
      { id: 3, uri: EXTENSION_URI.repairedRid },
      { id: 4, uri: EXTENSION_URI.absSendTime },
    ],
    ...changes,
  };
}

/** An audio stream without any feedback. */
export function audio(changes: Partial<StreamInfo> = {}): StreamInfo {
  return {
    ssrc: 0x1111,
    kind: 'audio',
    mid: '0',
    cname: 'someone',
    payloads: [{ payloadType: 111, mimeType: 'audio/opus', clockRate: 48_000 }],
    feedback: [],
    extensions: [],
    ...changes,
  };
}

/** A packet of the video stream; payload bytes tell its sequence number. */
export function packet(
  sequenceNumber: number,
  changes: Partial<RtpHeader> & { payload?: Uint8Array; paddingLength?: number } = {},
): RtpPacket {
  const sequence = sequenceNumber & 0xffff;
  const payload = new Uint8Array(100).fill(sequence & 0xff);
  const header = { payloadType: 96, sequenceNumber: sequence, timestamp: 3000 * sequence, ssrc: 0x2222, payload };
  return new RtpPacket(encodeRtp({ ...header, ...changes }));
}

/** All that a poll gives now. */
export function all<T>(poll: () => T | undefined): T[] {
  const items: T[] = [];
  for (let item = poll(); item !== undefined; item = poll()) items.push(item);
  return items;
}

/** Whole numbers from `from`, `count` of them. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
