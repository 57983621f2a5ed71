import { SrtpError } from './errors.ts';

/** Protection profiles by the names that RFC 5764 §4.1.2 and RFC 7714 §14.2 give them, without `SRTP_`. */
export type SrtpProfileName =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM'
  | 'NULL';

/** What a protection profile stands for. Lengths in bytes. */
export interface SrtpProfile {
  readonly name: SrtpProfileName;
  /** IANA's number in the `use_srtp` extension. */
  readonly id: number;
  /** Whether one AEAD encrypts and authenticates; otherwise AES in counter mode, or nothing, and HMAC-SHA1. */
  readonly aead: 'AES-128-GCM' | 'AES-256-GCM' | undefined;
  /** Whether payloads are encrypted. */
  readonly encrypts: boolean;
  /** Length of the master key and of the session's encryption key. */
  readonly keyLength: number;
  /** Length of the master salt. */
  readonly saltLength: number;
  readonly rtpTagLength: number;
  readonly rtcpTagLength: number;
}

/** All profiles. `NULL` is NULL_HMAC_SHA1_80: authenticated in the clear, for tests. */
export const SRTP_PROFILES: Readonly<Record<SrtpProfileName, SrtpProfile>> = {
  AES_CM_128_HMAC_SHA1_80: profile('AES_CM_128_HMAC_SHA1_80', 1, undefined, true, 16, 14, 10, 10),
  // The tag of SRTCP stays at 80 bits (RFC 5764 §4.1.2).
  AES_CM_128_HMAC_SHA1_32: profile('AES_CM_128_HMAC_SHA1_32', 2, undefined, true, 16, 14, 4, 10),
  AEAD_AES_128_GCM: profile('AEAD_AES_128_GCM', 7, 'AES-128-GCM', true, 16, 12, 16, 16),
  AEAD_AES_256_GCM: profile('AEAD_AES_256_GCM', 8, 'AES-256-GCM', true, 32, 12, 16, 16),
  NULL: profile('NULL', 5, undefined, false, 16, 14, 10, 10),
};

/** The profile with IANA's number, as DTLS negotiates it. Undefined for unknown ones and for those without encryption. */
export function srtpProfile(id: number): SrtpProfile | undefined {
  return Object.values(SRTP_PROFILES).find((each) => each.id === id && each.encrypts);
}

/** Keying material of both directions. */
export interface SrtpKeys {
  readonly localKey: Uint8Array;
  readonly localSalt: Uint8Array;
  readonly remoteKey: Uint8Array;
  readonly remoteSalt: Uint8Array;
}

/** The label with which DTLS exports keying material for SRTP (RFC 5764 §4.2). */
export const SRTP_EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';

/** How many bytes DTLS has to export for a profile (RFC 5764 §4.2). */
export function exporterLength(profile: SrtpProfile): number {
  return 2 * (profile.keyLength + profile.saltLength);
}

/**
 * Splits what DTLS exported into the keys of both directions (RFC 5764 §4.2). `role` is the local one of the handshake.
 * Throws `SRTP_BAD_OPTION` when `material` is not `exporterLength` bytes long.
 */
export function keysFromExporter(profile: SrtpProfile, material: Uint8Array, role: 'client' | 'server'): SrtpKeys {
  const { keyLength, saltLength } = profile;
  if (material.length !== exporterLength(profile)) {
    throw new SrtpError(
      'SRTP_BAD_OPTION',
      `${profile.name} takes ${exporterLength(profile)} bytes of keying material, not ${material.length}.`,
    );
  }
  const salts = 2 * keyLength;
  const clientKey = material.slice(0, keyLength);
  const serverKey = material.slice(keyLength, salts);
  const clientSalt = material.slice(salts, salts + saltLength);
  const serverSalt = material.slice(salts + saltLength);
  return role === 'client'
    ? { localKey: clientKey, localSalt: clientSalt, remoteKey: serverKey, remoteSalt: serverSalt }
    : { localKey: serverKey, localSalt: serverSalt, remoteKey: clientKey, remoteSalt: clientSalt };
}

function profile(
  name: SrtpProfileName,
  id: number,
  aead: SrtpProfile['aead'],
  encrypts: boolean,
  keyLength: number,
  saltLength: number,
  rtpTagLength: number,
  rtcpTagLength: number,
): SrtpProfile {
  return { name, id, aead, encrypts, keyLength, saltLength, rtpTagLength, rtcpTagLength };
}
