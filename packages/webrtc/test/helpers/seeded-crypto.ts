import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { portableCrypto } from '@kaon/dtls';
import type { CryptoProvider, KeyAgreement } from '@kaon/interface/crypto/v1';
import { nodeCrypto } from '@kaon/runtime/node';
import type { SeededRandom } from '@kaon/testing';
import type { EstablishOptions } from '../../src/index.ts';

/** The portable provider with everything random drawn from a seed. X25519 only. */
export function seededCrypto(random: SeededRandom): EstablishOptions['crypto'] {
  const mac: CryptoProvider['mac'] = (hash, key) => nodeCrypto.mac(hash, key);
  return { ...portableCrypto, random, mac, keyAgreement: () => x25519(random.bytes(32)) };
}

/** DER in front of a raw X25519 key (RFC 8410 §10.3). */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

function x25519(secret: Uint8Array): KeyAgreement {
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE, secret]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(PUBLIC.length)),
    agree: (peer) => {
      try {
        const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC, peer]), format: 'der', type: 'spki' });
        return new Uint8Array(diffieHellman({ privateKey, publicKey }));
      } catch {
        return undefined;
      }
    },
  };
}
