import {
  createECDH,
  createPublicKey,
  diffieHellman,
  type ECDH,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';

/** A fresh ephemeral key pair (RFC 8422 §5.4, RFC 7748 §6.1). */
export function createKeyAgreement(group: GroupName): KeyAgreement {
  if (group === 'X25519') return new X25519();
  return group === 'P-256' ? new PrimeCurve('prime256v1', 65) : new PrimeCurve('secp384r1', 97);
}

/** SubjectPublicKeyInfo of an X25519 key up to its 32 bytes (RFC 8410 §4). */
const X25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00);

class X25519 implements KeyAgreement {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    this.#privateKey = privateKey;
    // As JWK (RFC 8037 §2): the platform takes many times as long to write DER.
    this.publicKey = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
  }

  agree(peerPublicKey: Uint8Array): Uint8Array | undefined {
    if (peerPublicKey.length !== 32) return undefined;
    try {
      const key = Buffer.alloc(X25519_SPKI.length + 32);
      key.set(X25519_SPKI);
      key.set(peerPublicKey, X25519_SPKI.length);
      const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
      const secret = new Uint8Array(diffieHellman({ privateKey: this.#privateKey, publicKey }));
      // A point of small order (RFC 7748 §6.1); OpenSSL refuses it already, other platforms may not.
      return secret.some((byte) => byte !== 0) ? secret : undefined;
    } catch {
      return undefined;
    }
  }
}

class PrimeCurve implements KeyAgreement {
  readonly publicKey: Uint8Array;
  readonly #ecdh: ECDH;

  constructor(curve: string, pointLength: number) {
    this.#ecdh = createECDH(curve);
    this.publicKey = new Uint8Array(this.#ecdh.generateKeys());
    if (this.publicKey.length !== pointLength)
      throw new RangeError(`${curve} gave a point of ${this.publicKey.length} bytes`);
  }

  agree(peerPublicKey: Uint8Array): Uint8Array | undefined {
    // Only the uncompressed form is allowed (RFC 8422 §5.4.1); the platform checks that the point is on the curve.
    if (peerPublicKey.length !== this.publicKey.length || peerPublicKey[0] !== 4) return undefined;
    try {
      return new Uint8Array(this.#ecdh.computeSecret(peerPublicKey));
    } catch {
      return undefined;
    }
  }
}
