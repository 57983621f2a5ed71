/**
 * Cryptography in slices, injected and synchronous. Everything is keyed once per key, never per packet.
 * A package asks for the slice it needs, so that its single-protocol user carries only that.
 */

/** Fills `out` with cryptographically strong random bytes. */
export type RandomSource = (out: Uint8Array) => void;

/** Hash functions by the names of the IANA registry "Hash Function Textual Names", in upper case. */
export type HashName = 'MD5' | 'SHA-1' | 'SHA-224' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** A running hash. */
export interface RunningHash {
  /** Digest length in bytes. */
  readonly length: number;
  update(bytes: Uint8Array): this;
  /** The digest of all bytes so far, in a new array. The hash may be updated further. */
  digest(): Uint8Array;
}

/** A keyed message authentication code. */
export interface Mac {
  /** Tag length in bytes. */
  readonly length: number;
  /** Writes the tag over the concatenation of `parts` to the first `length` bytes of `out`. */
  sign(out: Uint8Array, ...parts: readonly Uint8Array[]): void;
  /** The tag over `buffer[start, end)`, as `sign` would write it, without a view of these bytes. `out` may be anywhere. Optional. */
  signRange?(out: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
}

/** AEAD ciphers by the names of the IANA AEAD registry, without the AEAD_ prefix. */
export type AeadName = 'AES-128-GCM' | 'AES-256-GCM' | 'CHACHA20-POLY1305';

/**
 * An AEAD keyed once (RFC 5116). Works in place on `buffer[start, end)`. The nonce (12 bytes) and the
 * associated data are only read during the call.
 */
export interface Aead {
  /** Tag length in bytes: 16. */
  readonly tagLength: number;
  /** Encrypts `buffer[start, end)`, writes the tag behind it and returns the new end. Room for the tag is the caller's duty. */
  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number;
  /** Checks the tag in the last bytes of `buffer[start, end)`, decrypts and returns the plaintext's end, or -1. Never throws. */
  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number;
  /**
   * The same AEAD for one sequence of nonces: a hint that they count up in their last 48 bits once `mask` (12 bytes) is taken off
   * by XOR, as those of an SRTP stream do (RFC 7714 §8.1). It gives the same results, faster where key stream is made ahead; one
   * for each stream keeps streams from disturbing each other. Disposing of it leaves the AEAD as it is. Optional.
   */
  sequence?(mask: Uint8Array): Aead;
  /** Gives up keys and cached key stream. Optional; nothing may be called after it. */
  dispose?(): void;
}

/** AES in counter mode, keyed once (NIST SP 800-38A §6.5), as SRTP uses it (RFC 3711 §4.1.1). */
export interface CounterMode {
  /**
   * XORs key stream onto `buffer[start, end)`. `counter` (16 bytes) is the first counter block; it counts up in its last two bytes,
   * which are 0 on entry, so that `end - start` may be 2^20 at most. It is only read during the call.
   */
  apply(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void;
  /**
   * The same for one sequence of packets, a hint that the 48 bits in front of the last two bytes of their counters count up once
   * `mask` (16 bytes) is taken off by XOR. As `Aead.sequence`. Optional.
   */
  sequence?(mask: Uint8Array): CounterMode;
  /** Gives up keys and cached key stream. Optional; nothing may be called after it. */
  dispose?(): void;
}

/** Groups for ephemeral key agreement (RFC 8422 §5.1.1). */
export type GroupName = 'X25519' | 'P-256' | 'P-384';

/** One ephemeral key pair. */
export interface KeyAgreement {
  /** X25519: 32 bytes; P-256 and P-384: the uncompressed point (65 and 97 bytes). */
  readonly publicKey: Uint8Array;
  /** The shared secret with a peer's public key, or undefined when that key is not acceptable. */
  agree(peerPublicKey: Uint8Array): Uint8Array | undefined;
}

/**
 * Signature schemes by their TLS code point (RFC 8446 §4.2.3), as TLS 1.2 uses them (RFC 8422 §5.10):
 * ecdsa_secp256r1_sha256 0x0403, ecdsa_secp384r1_sha384 0x0503, ecdsa_sha1 0x0203,
 * rsa_pkcs1_sha256 0x0401, rsa_pkcs1_sha384 0x0501, rsa_pkcs1_sha512 0x0601, rsa_pkcs1_sha1 0x0201,
 * rsa_pss_rsae_sha256 0x0804, rsa_pss_rsae_sha384 0x0805, rsa_pss_rsae_sha512 0x0806, ed25519 0x0807.
 * ECDSA signatures are DER; in TLS 1.2 the curve of an ECDSA key is independent of the hash.
 */
export type SignatureScheme = number;

/** A private key that can sign. */
export interface Signer {
  /** Schemes this key can produce, best first. */
  readonly schemes: readonly SignatureScheme[];
  /** Signs `data` (not its hash). Throws on a scheme that is not in `schemes`. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array;
}

/** A private key that was just made. */
export interface SigningKey extends Signer {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** The key as PKCS #8, DER. Whoever has it can sign in its owner's place. */
  privateKey(): Uint8Array;
}

/** All slices together, as a runtime provides them. */
export interface CryptoProvider {
  readonly interface: 'kaon:crypto/1';
  /** Human-readable, for statistics and traces: `node`, `noble`. */
  readonly name: string;
  readonly random: RandomSource;
  hash(name: HashName): RunningHash;
  mac(hash: HashName, key: Uint8Array): Mac;
  /** `key` is 16 or 32 bytes. Throws RangeError on another length. */
  aead(name: AeadName, key: Uint8Array): Aead;
  /** `key` is 16 or 32 bytes. Throws RangeError on another length. Optional. */
  counterMode?(key: Uint8Array): CounterMode;
  /** A fresh ephemeral key pair. */
  keyAgreement(group: GroupName): KeyAgreement;
  /** Whether `signature` over `data` is valid under the key in the DER SubjectPublicKeyInfo. Never throws. */
  verify(scheme: SignatureScheme, spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
  /** A signer from a DER PKCS #8 private key. Throws on a key that cannot be read or used. */
  signer(pkcs8: Uint8Array): Signer;
  /** A new key for ECDSA on P-256, ready to sign. Optional. */
  signingKey?(): SigningKey;
}
