import { type LocalCertificate, portableCrypto, verifyFingerprints } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import { Agent } from '@kaon/ice';
import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { transportAddress } from '@kaon/wire';
import { describe, it } from 'vitest';
import { DataStack } from '../../src/index.ts';
import { seededCrypto } from '../helpers/seeded-crypto.ts';

const certificates = await Promise.all([Certificate.generate(), Certificate.generate()]);

datagramCoreConformance({ describe, it }, 'DataStack', (seed) => {
  const random = seededRandom(seed);
  const sides = certificates.map((certificate, index) => {
    const source = random.fork(`side ${index}`);
    const agent = new Agent({ role: index === 0 ? 'controlling' : 'controlled', random: source });
    const local: LocalCertificate = {
      chain: certificate.chain,
      signer: portableCrypto.signer(certificate.privateKey),
    };
    return {
      agent,
      stack: new DataStack(agent),
      source,
      local,
      address: transportAddress(`192.0.2.${index + 1}`, 5000),
    };
  }) as [Side, Side];
  const [a, b] = sides;
  return {
    a: a.stack,
    b: b.stack,
    // The curves of noble blind their multiplications with it; nothing of it is seen outside.
    ambient: ['crypto.getRandomValues'],
    start(now) {
      for (const [index, side] of sides.entries()) {
        const other = sides[1 - index] as Side;
        side.agent.addLocalBase({ address: side.address }, now);
        side.agent.endOfLocalCandidates(now);
        side.agent.setRemoteCredentials(other.agent.localCredentials, now);
      }
      for (const [index, side] of sides.entries()) {
        const other = sides[1 - index] as Side;
        for (const { candidate } of other.agent.stats().localCandidates) side.agent.addRemoteCandidate(candidate, now);
        side.agent.endOfRemoteCandidates(now);
        const fingerprints = certificates[1 - index]?.fingerprints() ?? [];
        side.stack.establish(
          {
            role: index === 0 ? 'server' : 'client',
            certificate: side.local,
            verifyPeer: ({ chain }) =>
              verifyFingerprints(chain[0] as Uint8Array, fingerprints)
                ? undefined
                : Object.assign(new Error('stranger'), { code: 'STRANGER' }),
            crypto: seededCrypto(side.source),
            localSctpPort: 5000,
            remoteSctpPort: 5000,
            sendMessageSize: 0,
            receiveMessageSize: 262144,
            mtu: 1200,
          },
          now,
        );
      }
      a.stack.channels?.open({ label: 'x' }, now);
    },
    isReady: () => a.stack.association?.state === 'established' && b.stack.association?.state === 'established',
    close: (now) => a.stack.close(now),
  };
});

interface Side {
  readonly agent: Agent;
  readonly stack: DataStack;
  readonly source: ReturnType<typeof seededRandom>;
  readonly local: LocalCertificate;
  readonly address: ReturnType<typeof transportAddress>;
}
