import { type Candidate, formatCandidate } from '@kaon/ice';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { PeerTransport } from '../transport/peer-transport.ts';
import { certificateStats } from './certificate-stats.ts';
import type { RTCStats } from './report.ts';

/** Statistics of a transport with its candidates, pairs, certificates and SCTP association. */
export function transportStats(
  transport: PeerTransport,
  localChain: readonly Uint8Array[],
  crypto: Pick<CryptoProvider, 'hash'>,
  timestamp: number,
): RTCStats[] {
  const { agent, connection, stack } = transport;
  const ice = agent.stats();
  const stats: RTCStats[] = [];
  const candidateIds = new Map<string, string>();
  const addCandidate = (side: 'local' | 'remote', candidate: Candidate, networkType?: string): string => {
    const id = `${side === 'local' ? 'IL' : 'IR'}${transport.id}:${formatCandidate(candidate)}`;
    if (!candidateIds.has(id)) {
      candidateIds.set(id, id);
      stats.push(candidateStats(id, transport.id, side, candidate, networkType, timestamp));
    }
    return id;
  };
  for (const { candidate, networkType } of ice.localCandidates) addCandidate('local', candidate, networkType);
  for (const candidate of ice.remoteCandidates) addCandidate('remote', candidate);
  let selectedCandidatePairId: string | undefined;
  for (const pair of ice.pairs) {
    const localCandidateId = addCandidate('local', pair.local);
    const remoteCandidateId = addCandidate('remote', pair.remote);
    const id = `CP${transport.id}:${pair.id}:${localCandidateId}:${remoteCandidateId}`;
    if (pair.selected) selectedCandidatePairId = id;
    stats.push({
      id,
      timestamp,
      type: 'candidate-pair',
      transportId: transport.id,
      localCandidateId,
      remoteCandidateId,
      state: pair.state,
      nominated: pair.nominated,
      // Only the selected pair has carried data.
      ...(pair.selected ? stack.counters : { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 }),
      totalRoundTripTime: pair.totalRoundTripTime / 1000,
      ...(pair.currentRoundTripTime === undefined ? {} : { currentRoundTripTime: pair.currentRoundTripTime / 1000 }),
      requestsSent: pair.requestsSent,
      requestsReceived: pair.requestsReceived,
      responsesSent: pair.responsesSent,
      responsesReceived: pair.responsesReceived,
      consentRequestsSent: pair.consentRequestsSent,
    });
  }
  const local = certificateStats(localChain, crypto, timestamp);
  const remote = certificateStats(connection?.peerCertificate?.chain ?? [], crypto, timestamp);
  stats.push(...local, ...remote);
  const negotiated = connection?.negotiated;
  stats.push({
    id: transport.id,
    timestamp,
    type: 'transport',
    ...stack.counters,
    iceRole: ice.role,
    iceLocalUsernameFragment: agent.localCredentials.usernameFragment,
    iceState: transport.ice.state,
    dtlsState: transport.dtls.state,
    dtlsRole: connection?.role ?? 'unknown',
    ...(selectedCandidatePairId === undefined ? {} : { selectedCandidatePairId }),
    selectedCandidatePairChanges: ice.selectedPairChanges,
    ...(local[0] === undefined ? {} : { localCertificateId: local[0].id }),
    ...(remote[0] === undefined ? {} : { remoteCertificateId: remote[0].id }),
    // The version on the wire, as the standard has it: DTLS 1.2.
    ...(negotiated === undefined ? {} : { tlsVersion: 'FEFD', dtlsCipher: negotiated.cipherSuiteName }),
  });
  return stats;
}

function candidateStats(
  id: string,
  transportId: string,
  side: 'local' | 'remote',
  candidate: Candidate,
  networkType: string | undefined,
  timestamp: number,
): RTCStats {
  const {
    address,
    port,
    protocol,
    type,
    priority,
    foundation,
    relatedAddress,
    relatedPort,
    usernameFragment,
    tcpType,
    url,
  } = candidate;
  return {
    id,
    timestamp,
    type: `${side}-candidate`,
    transportId,
    address,
    port,
    protocol,
    candidateType: type,
    priority,
    foundation,
    ...(relatedAddress === undefined ? {} : { relatedAddress }),
    ...(relatedPort === undefined ? {} : { relatedPort }),
    ...(usernameFragment === undefined ? {} : { usernameFragment }),
    ...(tcpType === undefined ? {} : { tcpType }),
    ...(url === undefined ? {} : { url }),
    ...(networkType === undefined ? {} : { networkType }),
  };
}
