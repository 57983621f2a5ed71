import type { CounterMode } from '@kaon/interface/crypto/v1';

/** Labels of the keys of a session (RFC 3711 §4.3.2, RFC 6904 §3.1). */
export const LABEL = {
  rtpEncryption: 0,
  rtpAuthentication: 1,
  rtpSalt: 2,
  rtcpEncryption: 3,
  rtcpAuthentication: 4,
  rtcpSalt: 5,
  headerEncryption: 6,
  headerSalt: 7,
} as const;

/**
 * One key of a session (RFC 3711 §4.3.1, with a key derivation rate of 0): `length` bytes of AES-CM key stream under the master
 * key, which `master` is keyed with. Salts shorter than 14 bytes are padded behind (RFC 7714 §11).
 */
export function deriveKey(master: CounterMode, salt: Uint8Array, label: number, length: number): Uint8Array {
  const counter = new Uint8Array(16);
  counter.set(salt);
  counter[7]! ^= label;
  const key = new Uint8Array(length);
  master.apply(counter, key, 0, length);
  return key;
}
