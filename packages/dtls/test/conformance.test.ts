import { cryptoConformance, secureTransportConformance } from '@kaon/testing/conformance';
import { Slot } from '@kaon/wire';
import { describe, it } from 'vitest';
import { Connection, portableCrypto, SRTP_PROFILE } from '../src/index.ts';
import { identity } from './helpers/identity.ts';
import { seededCrypto } from './helpers/seeded-crypto.ts';

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
const { signer: _signer, ...slices } = portableCrypto;
cryptoConformance({ describe, it }, 'portableCrypto', slices);
