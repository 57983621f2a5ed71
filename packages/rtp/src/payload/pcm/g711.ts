/** G.711 (ITU-T G.711): linear samples of 16 bits to bytes of μ-law (PCMU) and A-law (PCMA) and back. */

/** Samples of -32768 to 32767 as bytes of μ-law. `out`, if given, has room for one byte each. */
export function encodePcmu(samples: Int16Array, out: Uint8Array = new Uint8Array(samples.length)): Uint8Array {
  checkRoom(samples.length, out.length);
  for (let i = 0; i < samples.length; i++) out[i] = linearToMulaw(samples[i]!);
  return out;
}

/** Bytes of μ-law as samples of -32124 to 32124. `out`, if given, has room for one sample each. */
export function decodePcmu(bytes: Uint8Array, out: Int16Array = new Int16Array(bytes.length)): Int16Array {
  checkRoom(bytes.length, out.length);
  for (let i = 0; i < bytes.length; i++) out[i] = MULAW[bytes[i]!]!;
  return out;
}

/** Samples of -32768 to 32767 as bytes of A-law. `out`, if given, has room for one byte each. */
export function encodePcma(samples: Int16Array, out: Uint8Array = new Uint8Array(samples.length)): Uint8Array {
  checkRoom(samples.length, out.length);
  for (let i = 0; i < samples.length; i++) out[i] = linearToAlaw(samples[i]!);
  return out;
}

/** Bytes of A-law as samples of -32256 to 32256. `out`, if given, has room for one sample each. */
export function decodePcma(bytes: Uint8Array, out: Int16Array = new Int16Array(bytes.length)): Int16Array {
  checkRoom(bytes.length, out.length);
  for (let i = 0; i < bytes.length; i++) out[i] = ALAW[bytes[i]!]!;
  return out;
}

/** Sign, three bits of segment, four of step within it; all inverted. Works on 14 bits with a bias of 33. */
function linearToMulaw(sample: number): number {
  const magnitude = Math.min(sample < 0 ? -sample : sample, MULAW_CLIP) + MULAW_BIAS;
  const segment = 24 - Math.clz32(magnitude);
  const step = (magnitude >>> (segment + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}

function mulawToLinear(byte: number): number {
  const code = ~byte;
  const magnitude = ((((code & 0x0f) << 3) + MULAW_BIAS) << ((code >>> 4) & 7)) - MULAW_BIAS;
  return (code & 0x80) !== 0 ? -magnitude : magnitude;
}

/** Sign, three bits of segment, four of step within it; every other bit inverted. Works on 13 bits. */
function linearToAlaw(sample: number): number {
  // Negative samples are counted from -1, so that both sides have as many.
  const magnitude = (sample < 0 ? ~sample : sample) >>> 4;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = (segment < 2 ? magnitude : magnitude >>> (segment - 1)) & 0x0f;
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55;
}

function alawToLinear(byte: number): number {
  const code = byte ^ 0x55;
  const segment = (code >>> 4) & 7;
  const step = ((code & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (code & 0x80) !== 0 ? magnitude : -magnitude;
}

function table(decode: (byte: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, byte) => decode(byte));
}

function checkRoom(needed: number, room: number): void {
  if (room < needed) throw new RangeError(`${needed} samples do not fit ${room}`);
}

const MULAW_BIAS = 0x84;
const MULAW_CLIP = 32_635;
const MULAW: Int16Array = /* @__PURE__ */ table(mulawToLinear);
const ALAW: Int16Array = /* @__PURE__ */ table(alawToLinear);
