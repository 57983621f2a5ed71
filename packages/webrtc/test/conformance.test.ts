import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { type DtlsCrypto, portableCrypto } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import { Agent, parseCandidate } from '@kaon/ice';
import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';
import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { transportAddress } from '@kaon/wire';
import { describe, it } from 'vitest';
import { DataStack } from '../src/stack/stack.ts';

const A = transportAddress('192.0.2.1', 5001);
const B = transportAddress('198.51.100.1', 5002);
const certificate = await Certificate.generate();
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');

/** The portable provider with keys drawn from a seed: the same seed, the same packets. */
function seededCrypto(seed: number, label: string): DtlsCrypto {
  const random = seededRandom(seed).fork(label);
  const keyAgreement = (_group: GroupName): KeyAgreement => {
    const der = Buffer.concat([PKCS8_X25519, random.bytes(32)]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return {
      publicKey: new Uint8Array(spki.subarray(SPKI_X25519.length)),
      agree(peer) {
        try {
          const key = Buffer.concat([SPKI_X25519, peer]);
          const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
          return new Uint8Array(diffieHellman({ privateKey, publicKey }));
        } catch {
          return undefined;
        }
      },
    };
  };
  return { ...portableCrypto, random, keyAgreement };
}

function stack(seed: number, label: 'a' | 'b'): DataStack {
  return new DataStack(
    new Agent({ role: label === 'a' ? 'controlling' : 'controlled', random: seededRandom(seed).fork(`ice ${label}`) }),
  );
}

datagramCoreConformance({ describe, it }, 'DataStack', (seed) => {
  const a = stack(seed, 'a');
  const b = stack(seed, 'b');
  return {
    a,
    b,
    ambient: ['crypto.getRandomValues'],
    start(now) {
      for (const [own, peer, at, to, label] of [
        [a, b, A, B, 'a'],
        [b, a, B, A, 'b'],
      ] as const) {
        own.agent.addLocalBase({ address: at }, now);
        own.agent.setRemoteCredentials(peer.agent.localCredentials, now);
        own.agent.addRemoteCandidate(
          parseCandidate(`candidate:1 1 udp 2130706431 ${to.address} ${to.port} typ host`),
          now,
        );
        own.establish(
          {
            role: label === 'a' ? 'client' : 'server',
            certificate: { chain: certificate.chain, signer: portableCrypto.signer(certificate.privateKey) },
            verifyPeer: () => undefined,
            crypto: seededCrypto(seed, label),
            localSctpPort: 5000,
            remoteSctpPort: 5000,
            sendMessageSize: 262_144,
            receiveMessageSize: 262_144,
            mtu: 1200,
          },
          now,
        );
      }
      a.channels?.open({ label: 'story' }, now);
    },
    isReady: (pair) => pair.a.has('open') && pair.b.has('channel'),
    close: (now) => a.close(now),
  };
});
