import type { AeadName, HashName } from '@kaon/interface/crypto/v1';
import type { NonceForm } from '../record/protection.ts';

/** How the server proves itself in a suite: RFC 8422 puts Ed25519 keys under ECDSA. */
export type Authentication = 'ECDSA' | 'RSA';

/** A cipher suite of DTLS 1.2: ECDHE with an AEAD. */
export interface CipherSuite {
  readonly id: number;
  /** The IANA name. */
  readonly name: string;
  readonly authentication: Authentication;
  readonly aead: AeadName;
  readonly keyLength: number;
  /** Bytes of write IV in the key block. */
  readonly ivLength: number;
  readonly nonceForm: NonceForm;
  /** Hash of the PRF and the transcript. */
  readonly hash: HashName;
}

/** All suites, in the order of preference: AES-128-GCM is the fastest where the runtime provides it. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  gcm(0xc02b, 'ECDSA', 128),
  gcm(0xc02f, 'RSA', 128),
  gcm(0xc02c, 'ECDSA', 256),
  gcm(0xc030, 'RSA', 256),
  chacha(0xcca9, 'ECDSA'),
  chacha(0xcca8, 'RSA'),
];

/** The suite with this code point, or undefined. */
export function cipherSuite(id: number): CipherSuite | undefined {
  return CIPHER_SUITES.find((suite) => suite.id === id);
}

/** RFC 5289 §3.2. */
function gcm(id: number, authentication: Authentication, bits: 128 | 256): CipherSuite {
  const hash = bits === 128 ? 'SHA-256' : 'SHA-384';
  return {
    id,
    name: `TLS_ECDHE_${authentication}_WITH_AES_${bits}_GCM_${hash.replace('-', '')}`,
    authentication,
    aead: bits === 128 ? 'AES-128-GCM' : 'AES-256-GCM',
    keyLength: bits / 8,
    ivLength: 4,
    nonceForm: 'explicit',
    hash,
  };
}

/** RFC 7905 §2. */
function chacha(id: number, authentication: Authentication): CipherSuite {
  return {
    id,
    name: `TLS_ECDHE_${authentication}_WITH_CHACHA20_POLY1305_SHA256`,
    authentication,
    aead: 'CHACHA20-POLY1305',
    keyLength: 32,
    ivLength: 12,
    nonceForm: 'implicit',
    hash: 'SHA-256',
  };
}
