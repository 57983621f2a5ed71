/**
 * Self-contained tokens (RFC 7635 §6.2), sealed by AES-GCM with the server's name as associated data:
 *
 *     struct {
 *         uint16_t key_length;
 *         opaque mac_key[key_length];
 *         uint64_t timestamp;
 *         uint32_t lifetime;
 *     } encrypted_block;
 */
import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import { encodeUtf8, Reader, Writer } from '@kaon/wire';
import type { OAuthKey } from './options.ts';

/** What a token says. */
export interface AccessTokenContent {
  /** Key of the client's MESSAGE-INTEGRITY. */
  readonly macKey: Uint8Array;
  /** When it was made, in ms since the Unix epoch. */
  readonly timestamp: number;
  /** How long it is good, in seconds. */
  readonly lifetime: number;
}

/** A token as ACCESS-TOKEN carries it. */
export interface SealedAccessToken {
  readonly nonce: Uint8Array;
  readonly encryptedBlock: Uint8Array;
}

/**
 * Seals a token for a server, as an authorization server does, and returns it as clients are given it: two bytes of nonce length,
 * nonce, encrypted block. Throws RangeError on a key that is not 16 or 32 bytes.
 */
export function sealAccessToken(
  content: AccessTokenContent,
  key: OAuthKey,
  serverName: string,
  crypto: Pick<CryptoProvider, 'aead'>,
  random: RandomSource,
): Uint8Array {
  const nonce = new Uint8Array(NONCE_LENGTH);
  random(nonce);
  const seconds = Math.floor(content.timestamp / 1000);
  const fraction = Math.floor(((content.timestamp - seconds * 1000) / 1000) * FRACTIONS);
  const plain = new Writer()
    .u16(content.macKey.length)
    .bytes(content.macKey)
    .u48(seconds)
    .u16(fraction)
    .u32(content.lifetime)
    .finish();
  const aead = crypto.aead(aeadName(key.key), key.key);
  const buffer = new Uint8Array(plain.length + aead.tagLength);
  buffer.set(plain);
  aead.seal(nonce, encodeUtf8(serverName), buffer, 0, plain.length);
  return new Writer().u16(nonce.length).bytes(nonce).bytes(buffer).finish();
}

/** Opens a token; undefined when it was not sealed for us or is no token. Whether its time is over is for the caller to see. */
export function openAccessToken(
  token: SealedAccessToken,
  key: OAuthKey,
  serverName: string,
  crypto: Pick<CryptoProvider, 'aead'>,
): AccessTokenContent | undefined {
  if (token.nonce.length !== NONCE_LENGTH) return undefined;
  const aead = crypto.aead(aeadName(key.key), key.key);
  const buffer = token.encryptedBlock.slice();
  if (buffer.length < aead.tagLength) return undefined;
  const end = aead.open(token.nonce, encodeUtf8(serverName), buffer, 0, buffer.length);
  if (end < 0) return undefined;
  const reader = new Reader(buffer, 0, end);
  const macKey = reader.view(reader.u16());
  const seconds = reader.u48();
  const timestamp = seconds * 1000 + (reader.u16() / FRACTIONS) * 1000;
  const lifetime = reader.u32();
  return reader.failed || macKey.length === 0 ? undefined : { macKey, timestamp, lifetime };
}

function aeadName(key: Uint8Array): 'AES-128-GCM' | 'AES-256-GCM' {
  return key.length === 16 ? 'AES-128-GCM' : 'AES-256-GCM';
}

/** The AEADs of RFC 5116 that the RFC names take 12. */
const NONCE_LENGTH = 12;
/** The last 16 bits of a timestamp count 1/64000 s. */
const FRACTIONS = 64_000;
