/*
 * use_srtp (RFC 5764 §4.1.1):
 *
 *   struct {
 *     SRTPProtectionProfile profiles<2..2^16-1>;   2 bytes each, best first
 *     opaque srtp_mki<0..255>;
 *   } UseSRTPData;
 */
import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';

/** SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2) by their code point. */
export const SRTP_PROFILE = {
  AES128_CM_HMAC_SHA1_80: 0x0001,
  AES128_CM_HMAC_SHA1_32: 0x0002,
  NULL_HMAC_SHA1_80: 0x0005,
  NULL_HMAC_SHA1_32: 0x0006,
  AEAD_AES_128_GCM: 0x0007,
  AEAD_AES_256_GCM: 0x0008,
} as const;

/** What the extension says. */
export interface UseSrtp {
  readonly profiles: readonly number[];
  readonly mki: Uint8Array;
}

export function decodeUseSrtp(data: Uint8Array): UseSrtp | Malformed {
  const reader = new Reader(data);
  const list = reader.sub(reader.u16());
  const profiles: number[] = [];
  while (list.remaining > 0) profiles.push(list.u16());
  const mki = reader.view(reader.u8());
  if (reader.failed || list.failed || reader.remaining > 0 || profiles.length === 0) return MALFORMED;
  return { profiles, mki };
}

export function encodeUseSrtp(profiles: readonly number[], mki: Uint8Array = new Uint8Array(0)): Extension {
  const data = new Writer(16)
    .vector(2, (list) => {
      for (const profile of profiles) list.u16(profile);
    })
    .vector(1, (rest) => rest.bytes(mki))
    .finish();
  return { type: EXTENSION_TYPE.useSrtp, data };
}
