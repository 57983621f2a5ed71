import { afterEach, expect, it } from 'vitest';
import type { RTCIceCandidatePairStats, RTCIceCandidateStats, RTCPeerConnection } from '../../src/index.ts';
import { World } from '../helpers/world.ts';
import { dtlsCertificate, turnServer } from '../relay/turn-world.ts';

const DTLS = await dtlsCertificate();
const SERVER = '198.51.100.10';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

/** Statistics of the two candidates of the pair that is in use. */
async function selected(
  connection: RTCPeerConnection,
): Promise<{ local: RTCIceCandidateStats; remote: RTCIceCandidateStats }> {
  const report = await world.until(connection.getStats());
  const all = [...report.values()];
  const pair = all.find(({ type, nominated }) => type === 'candidate-pair' && nominated) as RTCIceCandidatePairStats;
  return {
    local: report.get(pair.localCandidateId) as RTCIceCandidateStats,
    remote: report.get(pair.remoteCandidateId) as RTCIceCandidateStats,
  };
}

it.each([
  ['udp', `turn:${SERVER}`],
  ['tcp', `turn:${SERVER}?transport=tcp`],
  ['tls', `turns:${SERVER}`],
  ['dtls', `turns:${SERVER}?transport=udp`],
])('a relayed candidate says by which server and over %s; the other end is not told', async (relayProtocol, url) => {
  await turnServer(world.sim, { addresses: [SERVER], dtls: DTLS });
  const { a, b } = await world.connected({
    iceTransportPolicy: 'relay',
    iceServers: [{ urls: url, username: 'u', credential: 'p' }],
    kaon: { relay: { tls: { verify: false } } },
  });
  const { local } = await selected(a);
  expect(local).toMatchObject({
    type: 'local-candidate',
    candidateType: 'relay',
    address: SERVER,
    protocol: 'udp',
    relayProtocol,
    url,
    relatedAddress: '0.0.0.0',
    relatedPort: 9,
  });
  const { remote } = await selected(b);
  expect(remote).toMatchObject({ type: 'remote-candidate', address: SERVER, port: local.port });
  expect(remote).not.toHaveProperty('relayProtocol');
  expect(remote).not.toHaveProperty('url');
});

it('a TCP candidate says which kind it is', async () => {
  const tcp = { candidateTypes: ['host'] } as const;
  const { a } = await world.connected(
    { kaon: { ...tcp, tcpCandidates: ['active'] } },
    { kaon: { ...tcp, tcpCandidates: ['passive'] } },
  );
  const report = await world.until(a.getStats());
  const kinds = [...report.values()].flatMap(({ type, protocol, tcpType }) =>
    protocol === 'tcp' ? [`${type} ${tcpType}`] : [],
  );
  expect(kinds).toContain('local-candidate active');
  expect(kinds).toContain('remote-candidate passive');
});
