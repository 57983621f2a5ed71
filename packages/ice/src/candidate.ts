import type { TransportAddress } from '@kaon/interface/core/v1';
import { addressFamily, canonicalAddress } from '@kaon/wire';

/** Candidate types of RFC 8445 §4: host, server reflexive, peer reflexive and relayed. */
export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

/** TCP candidate types of RFC 6544 §4.5. */
export type TcpType = 'active' | 'passive' | 'so';

/** Transports between a TURN client and its server (RFC 8656 §3.1). */
export type RelayProtocol = 'udp' | 'dtls' | 'tcp' | 'tls';

/** One candidate as it is signalled (RFC 8839 §5.1); a plain record. */
export interface Candidate {
  /** 1 to 32 ice-chars; equal for candidates that are likely to work or fail together (RFC 8445 §5.1.1.3). */
  readonly foundation: string;
  /** 1 for RTP or data, 2 for RTCP. */
  readonly component: number;
  readonly protocol: 'udp' | 'tcp';
  /** 0 to 2^32 - 1; higher is preferred (RFC 8445 §5.1.2). */
  readonly priority: number;
  /** Numeric, or a name such as `….local` that the caller resolves. */
  readonly address: string;
  readonly port: number;
  readonly type: CandidateType;
  /** Base or mapped address behind a reflexive or relayed candidate; diagnostics only. */
  readonly relatedAddress?: string;
  readonly relatedPort?: number;
  /** Only of TCP candidates. */
  readonly tcpType?: TcpType;
  /** Ties the candidate to one ICE generation (`ufrag`, RFC 8838 §4.1). */
  readonly usernameFragment?: string;
  /** Extension attributes in their order, `ufrag` among them when it was on the line. */
  readonly extensions?: readonly (readonly [name: string, value: string])[];
  /** STUN or TURN server that a local candidate came from. Never on the wire. */
  readonly url?: string;
  /** What carries a local relayed candidate's datagrams to its TURN server. Never on the wire. */
  readonly relayProtocol?: RelayProtocol;
}

/** The candidate's transport address, canonical; undefined when its address is a name. */
export function candidateAddress(candidate: Candidate): TransportAddress | undefined {
  const address = canonicalAddress(candidate.address);
  const family = addressFamily(candidate.address);
  return address === undefined || family === undefined ? undefined : { address, family, port: candidate.port };
}

/** Whether two candidates say the same place: protocol, address, port, component and type. */
export function sameCandidate(a: Candidate, b: Candidate): boolean {
  return (
    a.port === b.port &&
    a.address === b.address &&
    a.type === b.type &&
    a.protocol === b.protocol &&
    a.component === b.component &&
    a.tcpType === b.tcpType
  );
}
