/*
 * RSA signature verification (RFC 8017) with BigInt: only public values are involved, so its timing tells nothing.
 */
import { equalBytes, isMalformed, MALFORMED, type Malformed, writeU32 } from '@kaon/wire';
import { DER_TAG, DerReader, toHex } from '../der.ts';

/** A hash function: bytes to digest. */
export type Digest = (data: Uint8Array) => Uint8Array;

export interface RsaPublicKey {
  readonly modulus: bigint;
  readonly exponent: bigint;
  /** Length of the modulus in bits. */
  readonly bits: number;
}

/** Smallest accepted modulus; the largest and the exponent's limit bound the work a peer can cause. */
const MIN_BITS = 1024;
const MAX_BITS = 8192;
const MAX_EXPONENT = 2n ** 32n;

/** RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 §A.1.1). */
export function decodeRsaPublicKey(der: Uint8Array): RsaPublicKey | Malformed {
  const reader = new DerReader(der).inside(DER_TAG.sequence);
  const modulus = unsigned(reader.content(DER_TAG.integer));
  const exponent = unsigned(reader.content(DER_TAG.integer));
  if (reader.failed || !reader.done || modulus === undefined || exponent === undefined) return MALFORMED;
  const bits = modulus.toString(2).length;
  if (bits < MIN_BITS || bits > MAX_BITS || modulus % 2n === 0n) return MALFORMED;
  if (exponent < 3n || exponent > MAX_EXPONENT || exponent % 2n === 0n) return MALFORMED;
  return { modulus, exponent, bits };
}

/** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2). `prefix` is the DER of DigestInfo up to the digest (§9.2, note 1). */
export function verifyPkcs1(
  keyDer: Uint8Array,
  digest: Digest,
  prefix: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = decodeRsaPublicKey(keyDer);
  if (isMalformed(key)) return false;
  const encoded = recover(key, signature);
  if (encoded === undefined) return false;
  const hash = digest(data);
  // The whole expected block is built and compared: parsing what came is how forgeries got in (Bleichenbacher 2006).
  const expected = new Uint8Array(encoded.length).fill(0xff);
  const tail = prefix.length + hash.length;
  if (expected.length < tail + 11) return false;
  expected[0] = 0;
  expected[1] = 1;
  expected[expected.length - tail - 1] = 0;
  expected.set(prefix, expected.length - tail);
  expected.set(hash, expected.length - hash.length);
  return equalBytes(encoded, expected);
}

/** RSASSA-PSS with MGF1 and a salt as long as the hash, as TLS demands (RFC 8017 §8.1.2, RFC 8446 §4.2.3). */
export function verifyPss(keyDer: Uint8Array, digest: Digest, data: Uint8Array, signature: Uint8Array): boolean {
  const key = decodeRsaPublicKey(keyDer);
  if (isMalformed(key)) return false;
  const block = recover(key, signature);
  if (block === undefined) return false;
  const emBits = key.bits - 1;
  const emLength = Math.ceil(emBits / 8);
  // When the modulus has 8k+1 bits, the encoded message is one byte shorter than the block.
  if (block.length > emLength && block[0] !== 0) return false;
  const encoded = block.subarray(block.length - emLength);
  const hash = digest(data);
  const saltLength = hash.length;
  if (emLength < hash.length + saltLength + 2 || encoded[emLength - 1] !== 0xbc) return false;
  const dbLength = emLength - hash.length - 1;
  const masked = encoded.subarray(0, dbLength);
  const h = encoded.subarray(dbLength, emLength - 1);
  const unusedBits = 8 * emLength - emBits;
  if (unusedBits > 0 && masked[0]! >>> (8 - unusedBits) !== 0) return false;
  const db = mgf1(digest, h, dbLength);
  for (let i = 0; i < dbLength; i++) db[i]! ^= masked[i]!;
  db[0]! &= 0xff >>> unusedBits;
  const padding = dbLength - saltLength - 1;
  for (let i = 0; i < padding; i++) if (db[i] !== 0) return false;
  if (db[padding] !== 1) return false;
  const message = new Uint8Array(8 + hash.length + saltLength);
  message.set(hash, 8);
  message.set(db.subarray(padding + 1), 8 + hash.length);
  return equalBytes(digest(message), h);
}

/** The signature raised to the public exponent, as many bytes as the modulus has; undefined when it is out of range. */
function recover(key: RsaPublicKey, signature: Uint8Array): Uint8Array | undefined {
  const length = Math.ceil(key.bits / 8);
  if (signature.length !== length) return undefined;
  const value = BigInt(`0x${toHex(signature)}`);
  if (value >= key.modulus) return undefined;
  const hex = power(value, key.exponent, key.modulus)
    .toString(16)
    .padStart(2 * length, '0');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    if (rest > 1n) square = (square * square) % modulus;
  }
  return result;
}

/** Mask generation function 1 (RFC 8017 §B.2.1). */
function mgf1(digest: Digest, seed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  for (let counter = 0, at = 0; at < length; counter++) {
    writeU32(input, seed.length, counter);
    const block = digest(input);
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return out;
}

/** A non-negative INTEGER in its shortest form, or undefined. */
function unsigned(content: Uint8Array): bigint | undefined {
  if (content.length === 0 || content.length > MAX_BITS / 8 + 1 || content[0]! >= 0x80) return undefined;
  if (content[0] === 0 && content.length > 1 && content[1]! < 0x80) return undefined;
  return BigInt(`0x${toHex(content)}`);
}
