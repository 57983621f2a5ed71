import type { AttributeCodec } from './codec.ts';

/** FINGERPRINT: a CRC-32 over what stands in front of it (RFC 8489 §14.7). */
export interface Fingerprint {
  readonly type: 'fingerprint';
  /** Already XORed with 0x5354554e. `encodeMessage` computes it from its option; check it with `verifyFingerprint`. */
  readonly crc: number;
}

export const fingerprint: AttributeCodec<Fingerprint> = {
  type: 'fingerprint',
  code: 0x8028,
  decode(value) {
    return { type: 'fingerprint', crc: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.crc);
  },
};
