/**
 *     struct {
 *         uint16_t nonce_length;
 *         opaque nonce[nonce_length];
 *         opaque encrypted_block[];
 *     } token;
 */
import type { AttributeCodec } from './codec.ts';

/** ACCESS-TOKEN: a self-contained token of an authorization server (RFC 7635 §6.2). */
export interface AccessToken {
  readonly type: 'access-token';
  /** Nonce of the AEAD that sealed the block. */
  readonly nonce: Uint8Array;
  /** Key, timestamp and lifetime, sealed for the STUN server. */
  readonly encryptedBlock: Uint8Array;
}

export const accessToken: AttributeCodec<AccessToken> = {
  type: 'access-token',
  code: 0x001b,
  decode(value) {
    const nonce = value.view(value.u16());
    return { type: 'access-token', nonce, encryptedBlock: value.rest() };
  },
  encode(value, attribute) {
    value.u16(attribute.nonce.length).bytes(attribute.nonce).bytes(attribute.encryptedBlock);
  },
};
