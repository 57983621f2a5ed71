import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';
import { seededRandom } from '@kaon/testing';
import { cryptoConformance, secureTransportConformance } from '@kaon/testing/conformance';
import { Slot } from '@kaon/wire';
import { x25519 } from '@noble/curves/ed25519.js';
import { describe, it } from 'vitest';
import { Connection, type DtlsCrypto, portableCrypto, SRTP_PROFILE } from '../src/index.ts';
import { identity } from './helpers/identity.ts';

/** The portable provider with everything random drawn from a seed: the same seed, the same handshake. */
function seededCrypto(seed: number, label: string): DtlsCrypto {
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

for (const cookieExchange of [false, true]) {
  secureTransportConformance({ describe, it }, `Connection${cookieExchange ? ' with cookies' : ''}`, (seed) => {
    const certificate = identity('p256');
    const common = {
      certificate,
      verifyPeer: () => undefined,
      groups: ['X25519'],
      srtpProfiles: [SRTP_PROFILE.AEAD_AES_128_GCM],
    } as const;
    const client = new Connection({ ...common, role: 'client', crypto: seededCrypto(seed, 'client') });
    const server = new Connection({ ...common, role: 'server', cookieExchange, crypto: seededCrypto(seed, 'server') });
    return {
      client,
      server,
      // The curves of noble blind their multiplications with it; nothing of it is seen outside.
      ambient: ['crypto.getRandomValues'],
      misuses: [{ name: 'sealing without room', call: (now) => client.seal(new Slot(10), now) }],
      start(now) {
        server.start(now);
        client.start(now);
      },
    };
  });
}

// RSA keys do not sign in pure JavaScript: `signer` is tested with the kinds it takes.
const { signer: _signer, random: _random, ...slices } = portableCrypto;
cryptoConformance({ describe, it }, 'portableCrypto', slices);
