import { readU32 } from '@kaon/wire';

/**
 * A random SSRC (RFC 3550 §8.1) that is not 0, which some receivers take for "unknown", and for which `taken` is false.
 * `random` fills the bytes it is given.
 */
export function generateSsrc(
  random: (out: Uint8Array) => void,
  taken: (ssrc: number) => boolean = () => false,
): number {
  const bytes = new Uint8Array(4);
  for (;;) {
    random(bytes);
    const ssrc = readU32(bytes, 0);
    if (ssrc !== 0 && !taken(ssrc)) return ssrc;
  }
}
