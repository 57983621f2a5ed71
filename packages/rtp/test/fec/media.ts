import { encodeRtp } from '../../src/encode.ts';
import { RtpPacket } from '../../src/packet.ts';

/** What a packet of a test differs in. */
export interface MediaShape {
  readonly size: number;
  readonly marker?: boolean;
  readonly extension?: boolean;
  readonly csrcs?: number;
  readonly padding?: number;
}

export const MEDIA_SSRC = 0x1234_5678;

/** Packets of one stream with payloads that can be told apart. */
export function media(shapes: readonly MediaShape[], first = 100): RtpPacket[] {
  return shapes.map((shape, i) => mediaPacket(shape, (first + i) & 0xffff));
}

export function mediaPacket(
  { size, marker, extension, csrcs = 0, padding }: MediaShape,
  sequenceNumber: number,
): RtpPacket {
  return new RtpPacket(
    encodeRtp({
      marker: marker ?? false,
      payloadType: 96 + (sequenceNumber % 3),
      sequenceNumber,
      timestamp: (sequenceNumber * 3000) >>> 0,
      ssrc: MEDIA_SSRC,
      csrcs: Array.from({ length: csrcs }, (_, i) => i + 1),
      extensions: extension === true ? [{ id: 3, data: Uint8Array.of(sequenceNumber >> 8, sequenceNumber) }] : [],
      payload: Uint8Array.from({ length: size }, (_, i) => (sequenceNumber * 31 + i * 7) & 0xff),
      paddingLength: padding ?? 0,
    }),
  );
}

/** A FEC payload as a packet. */
export function fecPacket(payload: Uint8Array, sequenceNumber: number, ssrc: number): RtpPacket {
  return new RtpPacket(encodeRtp({ payloadType: 35, sequenceNumber, timestamp: 0, ssrc, payload }));
}

/** Which losses repair makes good: what one FEC packet alone is missing of, until nothing changes. */
export function repairable(groups: readonly (readonly number[])[], lost: ReadonlySet<number>): Set<number> {
  const missing = new Set(lost);
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const group of groups) {
      const gaps = group.filter((index) => missing.has(index));
      if (gaps.length === 1) hasChanged = missing.delete(gaps[0]!);
    }
  }
  return new Set([...lost].filter((index) => !missing.has(index)));
}
