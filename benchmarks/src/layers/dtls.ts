import { Connection, type DtlsCrypto, portableCrypto } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { Path } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { Slot, transportAddress } from '@kaon/wire';
import { type LayerResult, time } from './timing.ts';

export const PATH: Path = {
  protocol: 'udp',
  local: transportAddress('192.0.2.1', 40000),
  remote: transportAddress('192.0.2.2', 40000),
};

const SUITES = [
  ['AES-128-GCM', 0xc02b],
  ['ChaCha20-Poly1305', 0xcca9],
] as const;

/** Two connections over each other in memory, handshake done. */
export function connectDtls(
  certificate: Certificate,
  crypto: DtlsCrypto & Pick<CryptoProvider, 'signer'>,
  cipherSuite: number,
): readonly [Connection, Connection] {
  const local = { chain: certificate.chain, signer: crypto.signer(certificate.privateKey) };
  const make = (role: 'client' | 'server'): Connection =>
    new Connection({ role, certificate: local, verifyPeer: () => undefined, crypto, cipherSuites: [cipherSuite] });
  const [client, server] = [make('client'), make('server')];
  const slot = new Slot(1200);
  client.start(0);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (slot.reset(); from.pollTransmit(slot, 0); slot.reset()) {
        to.handleRecord(slot.bytes.slice(), PATH, 0);
        moved = true;
      }
    }
  }
  for (const side of [client, server]) {
    if (side.state !== 'connected') throw new Error(`handshake: ${side.state}`);
    while (side.pollEvent() !== undefined);
  }
  return [client, server];
}

/** A whole handshake, and records of one packet: sealed in place, opened from a copy as a socket would give it. */
export async function measureDtls(
  providers: readonly (readonly [name: string, crypto: CryptoProvider])[],
  quick: boolean,
): Promise<LayerResult[]> {
  const certificate = await Certificate.generate();
  const results: LayerResult[] = [];
  const signer = providers[0]![1].signer;
  for (const [name, crypto] of [['noble', { ...portableCrypto, signer }] as const, ...providers]) {
    results.push(
      time(
        'dtls',
        `handshake, both sides, ${name}`,
        quick ? 5 : 20,
        (count) => {
          for (let i = 0; i < count; i++) connectDtls(certificate, crypto, SUITES[0][1]);
        },
        quick,
      ),
    );
    for (const [suite, code] of SUITES) {
      const [a, b] = connectDtls(certificate, crypto, code);
      const slot = new Slot(1200);
      const seal = (size: number): Uint8Array => {
        slot.reset();
        slot.start += a.headroom;
        slot.end = slot.start + size;
        a.seal(slot, 0);
        return slot.bytes;
      };
      results.push(
        time(
          'dtls',
          `seal 1100 bytes, ${suite}, ${name}`,
          2000,
          (count) => {
            for (let i = 0; i < count; i++) seal(1100);
          },
          quick,
        ),
        time(
          'dtls',
          `seal and open 1100 bytes, ${suite}, ${name}`,
          2000,
          (count) => {
            for (let i = 0; i < count; i++) {
              b.handleRecord(seal(1100).slice(), PATH, 0);
              if (b.pollPlaintext() === undefined) throw new Error('a record that does not open');
            }
          },
          quick,
        ),
      );
    }
  }
  return results;
}
