import { type DtlsCrypto, portableCrypto } from '@kaon/dtls';
import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';
import { seededRandom } from '@kaon/testing';
import { x25519 } from '@noble/curves/ed25519.js';

/** The portable provider with everything random drawn from a seed: the same seed, the same handshake. X25519 only. */
export function seededCrypto(seed: number, label: string): DtlsCrypto {
  const random = seededRandom(seed).fork(label);
  const keyAgreement = (group: GroupName): KeyAgreement => {
    if (group !== 'X25519') throw new Error(`the stories agree on X25519, not ${group}`);
    const secret = random.bytes(32);
    return {
      publicKey: x25519.getPublicKey(secret),
      agree: (peer) => {
        try {
          return x25519.getSharedSecret(secret, peer);
        } catch {
          return undefined;
        }
      },
    };
  };
  return { ...portableCrypto, random, keyAgreement };
}
