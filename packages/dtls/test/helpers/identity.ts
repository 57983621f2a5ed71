import { constants, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { type LocalCertificate, portableCrypto } from '@kaon/dtls';
import type { SignatureScheme, Signer } from '@kaon/interface/crypto/v1';
import { IDENTITIES } from '../vectors/identities.ts';

export type IdentityName = keyof typeof IDENTITIES;

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export function certificateOf(name: IdentityName): Uint8Array {
  return fromBase64(IDENTITIES[name].certificate);
}

export function keyOf(name: IdentityName): Uint8Array {
  return fromBase64(IDENTITIES[name].key);
}

/** A local certificate: the portable signer, but for RSA a signer of Node. */
export function identity(name: IdentityName, schemes?: readonly SignatureScheme[]): LocalCertificate {
  const signer = name === 'rsa2048' ? nodeRsaSigner(keyOf(name)) : portableCrypto.signer(keyOf(name));
  return {
    chain: [certificateOf(name)],
    signer: { schemes: schemes ?? signer.schemes, sign: (scheme, data) => signer.sign(scheme, data) },
  };
}

export function nodeRsaSigner(pkcs8: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return {
    schemes: [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201],
    sign(scheme, data) {
      if (scheme >= 0x0804) {
        const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
        return new Uint8Array(nodeSign(['sha256', 'sha384', 'sha512'][scheme - 0x0804] as string, data, options));
      }
      const hash = { 2: 'sha1', 4: 'sha256', 5: 'sha384', 6: 'sha512' }[scheme >> 8] as string;
      return new Uint8Array(nodeSign(hash, data, key));
    },
  };
}
