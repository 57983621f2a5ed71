import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SignatureScheme, Signer, SigningKey } from '@kaon/interface/crypto/v1';
import { RuntimeError } from '../../errors.ts';
import { signerFrom } from './key-cache.ts';
import { SCHEMES } from './schemes.ts';

/**
 * A signer from a PKCS #8 key: ECDSA on P-256 or P-384, RSA, Ed25519. Throws `RUNTIME_BAD_PRIVATE_KEY` on anything else. The same array
 * gives the same signer, so that a key is read once and not for each connection.
 */
export function createSigner(pkcs8: Uint8Array): Signer {
  return signerFrom(pkcs8, () => readSigner(pkcs8));
}

/** A new key for ECDSA on P-256. It signs as it is: writing it down and reading it again would take longer than making it. */
export function createSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signer = new NodeSigner(privateKey, P256_SCHEMES);
  return {
    schemes: signer.schemes,
    sign: (scheme, data) => signer.sign(scheme, data),
    publicKey: p256PublicKey(publicKey),
    privateKey: () => new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

/** SubjectPublicKeyInfo of a key on P-256 up to the coordinates of its uncompressed point (RFC 5480 §2). */
const P256_SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_SCHEMES: readonly SignatureScheme[] = [0x0403, 0x0503];

/** As JWK, since the platform takes twice as long to write DER. */
function p256PublicKey(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return new Uint8Array(Buffer.concat([P256_SPKI, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]));
}

function readSigner(pkcs8: Uint8Array): Signer {
  let key: KeyObject;
  try {
    key = createPrivateKey({
      key: Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length),
      format: 'der',
      type: 'pkcs8',
    });
  } catch (cause) {
    throw new RuntimeError('RUNTIME_BAD_PRIVATE_KEY', 'The bytes are not a PKCS #8 private key.', { cause });
  }
  const schemes = schemesOf(key);
  if (schemes.length === 0) {
    throw new RuntimeError('RUNTIME_BAD_PRIVATE_KEY', `A key of type ${key.asymmetricKeyType} cannot sign here.`);
  }
  return new NodeSigner(key, schemes);
}

class NodeSigner implements Signer {
  readonly schemes: readonly SignatureScheme[];
  readonly #key: KeyObject;

  constructor(key: KeyObject, schemes: readonly SignatureScheme[]) {
    this.#key = key;
    this.schemes = schemes;
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const details = this.schemes.includes(scheme) ? SCHEMES.get(scheme) : undefined;
    if (details === undefined) {
      throw new RuntimeError(
        'RUNTIME_BAD_SIGNATURE_SCHEME',
        `This key cannot sign by scheme 0x${scheme.toString(16)}.`,
      );
    }
    const key = this.#key;
    const { padding, saltLength } = details;
    if (padding === undefined) return new Uint8Array(sign(details.digest, data, key));
    const input = saltLength === undefined ? { key, padding } : { key, padding, saltLength };
    return new Uint8Array(sign(details.digest, data, input));
  }
}

/** SHA-1 is verified for old peers and never produced (RFC 9155). */
function schemesOf(key: KeyObject): readonly SignatureScheme[] {
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const curve = key.asymmetricKeyDetails?.namedCurve;
      if (curve === 'prime256v1') return P256_SCHEMES;
      return curve === 'secp384r1' ? [0x0503, 0x0403] : [];
    }
    case 'rsa': {
      // A PSS signature needs two digests and two bytes of room (RFC 8017 §9.1.1).
      const room = (key.asymmetricKeyDetails?.modulusLength ?? 0) >>> 3;
      return [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601].filter(
        (scheme) => room >= 2 * (SCHEMES.get(scheme)?.saltLength ?? 32) + 2,
      );
    }
    case 'ed25519':
      return [0x0807];
    default:
      return [];
  }
}
