import { createPrivateKey, X509Certificate } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Certificate } from '@kaon/dtls/certificate';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { nodeCrypto } from '@kaon/runtime/node';
import { afterEach, describe, expect, it } from 'vitest';
import { RTCPeerConnection } from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

/** Counts what a connection has made by its provider. */
function counted(): { crypto: CryptoProvider; made: { aead: number; counterMode: number; signer: number } } {
  const made = { aead: 0, counterMode: 0, signer: 0 };
  const crypto: CryptoProvider = Object.create(nodeCrypto, {
    aead: {
      value: (...[name, key]: Parameters<CryptoProvider['aead']>) => {
        made.aead++;
        return nodeCrypto.aead(name, key);
      },
    },
    counterMode: {
      value: (key: Uint8Array) => {
        made.counterMode++;
        return nodeCrypto.counterMode?.(key);
      },
    },
    signer: {
      value: (pkcs8: Uint8Array) => {
        made.signer++;
        return nodeCrypto.signer(pkcs8);
      },
    },
  });
  return { crypto, made };
}

describe('a connection for data only', () => {
  it('keys one cipher for each direction, and none for media', async () => {
    const { crypto, made } = counted();
    const { a, b } = await world.connected({ kaon: { crypto } });
    expect([a.connectionState, b.connectionState]).toEqual(['connected', 'connected']);
    expect(made).toMatchObject({ aead: 2, counterMode: 0 });
  });

  it('keeps few bytes in typed arrays while it is idle', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const bytes = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    // What is there once for all comes with the first.
    await world.connected();
    const count = 10;
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      const before = bytes();
      for (let i = 0; i < count; i++) await world.connected();
      rounds.push((bytes() - before) / count);
    }
    // What others in this process do at the time may be counted in a round, and not in all of them.
    expect(Math.min(...rounds)).toBeLessThan(6 * 1024);
  });

  it('keys those of media once there is media', async () => {
    const { crypto, made } = counted();
    const [a, b] = world.pair({ kaon: { crypto } });
    a.addTransceiver('audio');
    await world.until(negotiate(a, b));
    await world.run(() => a.connectionState === 'connected');
    // RTP and RTCP, each in both directions.
    expect(made.aead).toBe(2 + 4);
  });
});

describe('a certificate of a provider', () => {
  it('signs with the key as it was made, which can be exported all the same', async () => {
    const certificate = await Certificate.generate({ crypto: nodeCrypto });
    const parsed = new X509Certificate(certificate.der);
    expect([parsed.verify(parsed.publicKey), parsed.subject]).toEqual([true, 'CN=WebRTC']);
    const { crypto, made } = counted();
    const data = new TextEncoder().encode('to be signed');
    const signature = certificate.signer(crypto).sign(0x0403, data);
    expect(made.signer).toBe(0);
    const spki = new Uint8Array(parsed.publicKey.export({ format: 'der', type: 'spki' }));
    expect(nodeCrypto.verify(0x0403, spki, data, signature)).toBe(true);
    const key = createPrivateKey({ key: Buffer.from(certificate.privateKey), format: 'der', type: 'pkcs8' });
    expect(parsed.checkPrivateKey(key)).toBe(true);
    const { chain, privateKey } = certificate;
    const copy = await Certificate.fromDER({ certificate: chain, privateKey });
    copy.signer(crypto);
    expect(made.signer).toBe(1);
  });

  it('is what a connection makes for itself, a new one each time', async () => {
    let keys = 0;
    const crypto: CryptoProvider = Object.create(nodeCrypto, {
      signingKey: {
        value: () => {
          keys++;
          return nodeCrypto.signingKey?.();
        },
      },
    });
    const pair = [0, 1].map(() => new RTCPeerConnection({ kaon: { crypto } }));
    const offers = await Promise.all(pair.map((connection) => connection.createOffer({ offerToReceiveAudio: true })));
    const fingerprints = offers.map(({ sdp }) => /a=fingerprint:(.*)/.exec(sdp ?? '')?.[1]);
    for (const connection of pair) connection.close();
    expect(keys).toBe(2);
    expect(fingerprints[0]).toMatch(/^sha-256 ([0-9A-F]{2}:){31}/);
    expect(fingerprints[0]).not.toBe(fingerprints[1]);
  });

  it('is left to the platform for other algorithms', async () => {
    const certificate = await Certificate.generate({
      algorithm: { name: 'ECDSA', namedCurve: 'P-384' },
      crypto: { signingKey: () => expect.unreachable() as never },
    });
    expect(new X509Certificate(certificate.der).publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
  });
});
