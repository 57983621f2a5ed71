import { constants } from 'node:crypto';
import type { SignatureScheme } from '@kaon/interface/crypto/v1';

/** How one signature scheme of TLS is done with `node:crypto`. */
export interface SchemeDetails {
  /** `asymmetricKeyType` that it takes. */
  readonly keyType: 'ec' | 'rsa' | 'ed25519';
  /** Digest name; null where the scheme hashes by itself. */
  readonly digest: string | null;
  /** Padding of RSA. */
  readonly padding?: number;
  /** Digest length in bytes, for the room that RSASSA-PSS needs. */
  readonly saltLength?: number;
}

const PKCS1 = constants.RSA_PKCS1_PADDING;
const PSS = constants.RSA_PKCS1_PSS_PADDING;

/** Schemes by code point (RFC 8446 §4.2.3). */
export const SCHEMES: ReadonlyMap<SignatureScheme, SchemeDetails> = new Map<SignatureScheme, SchemeDetails>([
  [0x0403, { keyType: 'ec', digest: 'sha256' }],
  [0x0503, { keyType: 'ec', digest: 'sha384' }],
  [0x0603, { keyType: 'ec', digest: 'sha512' }],
  [0x0203, { keyType: 'ec', digest: 'sha1' }],
  [0x0401, { keyType: 'rsa', digest: 'sha256', padding: PKCS1 }],
  [0x0501, { keyType: 'rsa', digest: 'sha384', padding: PKCS1 }],
  [0x0601, { keyType: 'rsa', digest: 'sha512', padding: PKCS1 }],
  [0x0201, { keyType: 'rsa', digest: 'sha1', padding: PKCS1 }],
  [0x0804, { keyType: 'rsa', digest: 'sha256', padding: PSS, saltLength: 32 }],
  [0x0805, { keyType: 'rsa', digest: 'sha384', padding: PSS, saltLength: 48 }],
  [0x0806, { keyType: 'rsa', digest: 'sha512', padding: PSS, saltLength: 64 }],
  [0x0807, { keyType: 'ed25519', digest: null }],
]);
