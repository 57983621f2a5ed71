/** A VP8 frame of a size in bytes: what stands in for an encoder. It cannot be decoded, but RTP does not look inside. */
export function vp8Frame(keyFrame: boolean, size: number, fill: number): Uint8Array {
  const data = new Uint8Array(size).fill(fill);
  data.set(keyFrame ? [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00] : [0x11, 0, 0]);
  return data;
}
