import { type LocalCertificate, portableCrypto, verifyFingerprints } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import { Agent } from '@kaon/ice';
import type { Instant } from '@kaon/interface/core/v1';
import { type SeededRandom, seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { DataStack } from '../../src/index.ts';
import { seededCrypto } from './seeded-crypto.ts';

/** One of two stacks, with what the other one has to know of it. */
export interface Side {
  readonly agent: Agent;
  readonly stack: DataStack;
  readonly source: SeededRandom;
  readonly local: LocalCertificate;
  readonly address: ReturnType<typeof transportAddress>;
}

/** Two stacks with an address each. The first one controls, and is the DTLS server unless `role` says otherwise. */
export function twoStacks(seed: number): [Side, Side] {
  const random = seededRandom(seed);
  return certificates.map((certificate, index) => {
    const source = random.fork(`side ${index}`);
    const agent = new Agent({ role: index === 0 ? 'controlling' : 'controlled', random: source });
    const local = { chain: certificate.chain, signer: portableCrypto.signer(certificate.privateKey) };
    const address = transportAddress(`192.0.2.${index + 1}`, 5000);
    return { agent, stack: new DataStack(agent), source, local, address };
  }) as [Side, Side];
}

/** Tells each side all about the other one. */
export function introduce(sides: readonly [Side, Side], now: Instant, role: 'client' | 'server' = 'server'): void {
  const other = role === 'server' ? 'client' : 'server';
  for (const [index, side] of sides.entries()) {
    side.agent.addLocalBase({ address: side.address }, now);
    side.agent.endOfLocalCandidates(now);
    side.agent.setRemoteCredentials((sides[1 - index] as Side).agent.localCredentials, now);
  }
  for (const [index, side] of sides.entries()) {
    for (const { candidate } of (sides[1 - index] as Side).agent.stats().localCandidates)
      side.agent.addRemoteCandidate(candidate, now);
    side.agent.endOfRemoteCandidates(now);
    const fingerprints = certificates[1 - index]?.fingerprints() ?? [];
    side.stack.establish(
      {
        role: index === 0 ? role : other,
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
}

const certificates = await Promise.all([Certificate.generate(), Certificate.generate()]);
