/**
 * The first byte of an Opus packet (RFC 6716 §3.1).
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+
 * | config  |s| c |
 * +-+-+-+-+-+-+-+-+
 * ```
 */
export interface OpusToc {
  readonly mode: 'silk' | 'hybrid' | 'celt';
  readonly bandwidth: 'narrowband' | 'mediumband' | 'wideband' | 'superwideband' | 'fullband';
  readonly channels: 1 | 2;
  /** Of one frame, in units of 48 kHz: 120 (2.5 ms) to 2880 (60 ms). */
  readonly frameDuration: number;
  /** How frames are packed (RFC 6716 §3.2): 0 one, 1 two of a size, 2 two, 3 as many as the next byte says. */
  readonly code: 0 | 1 | 2 | 3;
}

/** What the first byte says. Every byte is a valid one. */
export function opusToc(byte: number): OpusToc {
  const config = byte >>> 3;
  return {
    mode: config < 12 ? 'silk' : config < 16 ? 'hybrid' : 'celt',
    bandwidth:
      BANDWIDTHS[
        config < 12 ? config >>> 2 : config < 16 ? 3 + ((config - 12) >>> 1) : CELT_BANDWIDTHS[(config - 16) >>> 2]!
      ]!,
    channels: (byte & 4) !== 0 ? 2 : 1,
    frameDuration: frameDuration(byte),
    code: (byte & 3) as 0 | 1 | 2 | 3,
  };
}

/**
 * How long the packet in `packet[start, end)` lasts, in units of 48 kHz, which are those of its RTP timestamps (RFC 7587
 * §4.1): 120 to 5760. -1 when it is no Opus packet: empty, without frames, or longer than 120 ms (RFC 6716 §3.4, R1, R5).
 */
export function opusDuration(packet: Uint8Array, start = 0, end: number = packet.length): number {
  if (end <= start) return -1;
  const toc = packet[start]!;
  const frames = opusFrameCount(packet, start, end);
  const duration = frames * frameDuration(toc);
  return frames > 0 && duration <= MAX_DURATION ? duration : -1;
}

/** How many frames the packet in `packet[start, end)` says it has; 0 when it does not say. */
export function opusFrameCount(packet: Uint8Array, start = 0, end: number = packet.length): number {
  if (end <= start) return 0;
  const code = packet[start]! & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return end - start < 2 ? 0 : packet[start + 1]! & 0x3f;
}

/** 1 or 2: whether the packet is coded as stereo. A decoder may be given both in one stream (RFC 7587 §3.4). */
export function opusChannels(packet: Uint8Array, start = 0): 1 | 2 {
  return (packet[start]! & 4) !== 0 ? 2 : 1;
}

/**
 * Whether a packet of this many bytes is one of discontinuous transmission: no frame in it has more than one byte
 * (RFC 6716 §2.1.9), so that an encoder's answer need not be sent at all (RFC 7587 §3.1.3).
 */
export function isOpusDtx(length: number): boolean {
  return length <= 2;
}

function frameDuration(toc: number): number {
  const config = toc >>> 3;
  if (config < 12) return SILK_DURATIONS[config & 3]!;
  if (config < 16) return (config & 1) === 0 ? 480 : 960;
  return 120 << (config & 3);
}

const SILK_DURATIONS = [480, 960, 1920, 2880];
const BANDWIDTHS = ['narrowband', 'mediumband', 'wideband', 'superwideband', 'fullband'] as const;
/** Index in `BANDWIDTHS`: the mode knows no mediumband. */
const CELT_BANDWIDTHS = [0, 2, 3, 4];
/** 120 ms. */
const MAX_DURATION = 5760;
