import { type Candidate, formatCandidate } from '@kaon/ice';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { PeerTransport } from '../transport/peer-transport.ts';
import { certificateStats } from './certificate-stats.ts';
import type { StatsContext } from './context.ts';
import { present } from './present.ts';
import type { RTCIceCandidatePairStats, RTCIceCandidateStats, RTCTransportStats } from './types.ts';

/** Adds a transport with its candidates, pairs and certificates. */
export function addTransportStats(
  context: StatsContext,
  transport: PeerTransport,
  localChain: readonly Uint8Array[],
  crypto: Pick<CryptoProvider, 'hash'>,
): void {
  const { agent, connection, id: transportId, media, stack } = transport;
  const { timestamp } = context;
  const ice = agent.stats();
  const addCandidate = (side: 'local' | 'remote', candidate: Candidate, networkType?: string): string => {
    const id = `${side === 'local' ? 'IL' : 'IR'}${transportId}:${formatCandidate(candidate)}`;
    if (!context.stats.has(id)) context.add(candidateStats(id, transportId, side, candidate, networkType, timestamp));
    return id;
  };
  for (const { candidate, networkType } of ice.localCandidates) addCandidate('local', candidate, networkType);
  for (const candidate of ice.remoteCandidates) addCandidate('remote', candidate);
  let selectedCandidatePairId: string | undefined;
  for (const pair of ice.pairs) {
    const localCandidateId = addCandidate('local', pair.local);
    const remoteCandidateId = addCandidate('remote', pair.remote);
    const id = `CP${transportId}:${pair.id}:${localCandidateId}:${remoteCandidateId}`;
    if (pair.selected) selectedCandidatePairId = id;
    const { lastSentAt, lastReceivedAt, ...carried } = stack.carried.of(pair.path);
    context.add(
      present<RTCIceCandidatePairStats>({
        id,
        timestamp,
        type: 'candidate-pair',
        transportId,
        localCandidateId,
        remoteCandidateId,
        state: pair.state,
        nominated: pair.nominated,
        packetsSent: carried.packetsSent,
        packetsReceived: carried.packetsReceived,
        bytesSent: carried.bytesSent,
        bytesReceived: carried.bytesReceived,
        lastPacketSentTimestamp: lastSentAt === undefined ? undefined : context.wallClock(lastSentAt),
        lastPacketReceivedTimestamp: lastReceivedAt === undefined ? undefined : context.wallClock(lastReceivedAt),
        totalRoundTripTime: pair.totalRoundTripTime / 1000,
        currentRoundTripTime: pair.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime / 1000,
        availableOutgoingBitrate: pair.selected ? media.targetBitrate : undefined,
        requestsSent: pair.requestsSent,
        requestsReceived: pair.requestsReceived,
        responsesSent: pair.responsesSent,
        responsesReceived: pair.responsesReceived,
        consentRequestsSent: pair.consentRequestsSent,
      }),
    );
  }
  const local = certificateStats(localChain, crypto, timestamp);
  const remote = certificateStats(connection?.peerCertificate?.chain ?? [], crypto, timestamp);
  for (const certificate of [...local, ...remote]) context.add(certificate);
  const negotiated = connection?.negotiated;
  const { packetsSent, packetsReceived, bytesSent, bytesReceived } = stack.counters;
  context.add(
    present<RTCTransportStats>({
      id: transportId,
      timestamp,
      type: 'transport',
      packetsSent,
      packetsReceived,
      bytesSent,
      bytesReceived,
      iceRole: ice.role,
      iceLocalUsernameFragment: agent.localCredentials.usernameFragment,
      iceState: transport.ice.state,
      dtlsState: transport.dtls.state,
      dtlsRole: connection?.role ?? 'unknown',
      selectedCandidatePairId,
      selectedCandidatePairChanges: ice.selectedPairChanges,
      localCertificateId: local[0]?.id,
      remoteCertificateId: remote[0]?.id,
      // The version on the wire, as the standard has it: DTLS 1.2.
      tlsVersion: negotiated === undefined ? undefined : 'FEFD',
      dtlsCipher: negotiated?.cipherSuiteName,
      srtpCipher: negotiated?.srtpProfile === undefined ? undefined : SRTP_NAMES[negotiated.srtpProfile],
      ccfbMessagesSent: media.stages?.watch.ccfbMessagesSent ?? 0,
      ccfbMessagesReceived: media.stages?.watch.ccfbMessagesReceived ?? 0,
    }),
  );
}

function candidateStats(
  id: string,
  transportId: string,
  side: 'local' | 'remote',
  candidate: Candidate,
  networkType: string | undefined,
  timestamp: number,
): RTCIceCandidateStats {
  const { address, port, protocol, type, priority, foundation, tcpType, relayProtocol, url } = candidate;
  return present<RTCIceCandidateStats>({
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
    relatedAddress: candidate.relatedAddress,
    relatedPort: candidate.relatedPort,
    usernameFragment: candidate.usernameFragment,
    tcpType,
    relayProtocol,
    url,
    networkType,
  });
}

/** IANA's DTLS-SRTP protection profiles. */
const SRTP_NAMES: Readonly<Record<number, string>> = {
  1: 'SRTP_AES128_CM_HMAC_SHA1_80',
  2: 'SRTP_AES128_CM_HMAC_SHA1_32',
  7: 'SRTP_AEAD_AES_128_GCM',
  8: 'SRTP_AEAD_AES_256_GCM',
};
