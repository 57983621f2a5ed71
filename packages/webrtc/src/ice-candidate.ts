import { type Candidate, decodeCandidate } from '@kaon/ice';
import { isMalformed } from '@kaon/wire';
import { toUnsignedShort } from './idl.ts';

/** A candidate as it is signalled (W3C WebRTC §4.8.1). */
export interface RTCIceCandidateInit {
  /** `candidate:...`; empty for the end of candidates. */
  candidate?: string;
  sdpMid?: string | null;
  sdpMLineIndex?: number | null;
  usernameFragment?: string | null;
}

/** One ICE candidate. Members that the candidate's text does not have, or that cannot be read, are null. */
export class RTCIceCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
  readonly usernameFragment: string | null;
  readonly foundation: string | null = null;
  readonly component: 'rtp' | 'rtcp' | null = null;
  readonly priority: number | null = null;
  readonly address: string | null = null;
  readonly protocol: 'udp' | 'tcp' | null = null;
  readonly port: number | null = null;
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay' | null = null;
  readonly tcpType: 'active' | 'passive' | 'so' | null = null;
  readonly relatedAddress: string | null = null;
  readonly relatedPort: number | null = null;
  /** Protocol between us and the TURN server of a local relay candidate. */
  readonly relayProtocol: 'udp' | 'tcp' | 'tls' | 'dtls' | null = null;
  /** Server that a local candidate came from. */
  readonly url: string | null = null;

  /** Throws TypeError when both `sdpMid` and `sdpMLineIndex` are missing. A candidate that cannot be read is kept as it is. */
  constructor(init: RTCIceCandidateInit = {}) {
    const sdpMid = init.sdpMid ?? null;
    const sdpMLineIndex = init.sdpMLineIndex ?? null;
    if (sdpMid === null && sdpMLineIndex === null) throw new TypeError('sdpMid and sdpMLineIndex are both null');
    this.candidate = String(init.candidate ?? '');
    this.sdpMid = sdpMid === null ? null : String(sdpMid);
    this.sdpMLineIndex = sdpMLineIndex === null ? null : toUnsignedShort(sdpMLineIndex);
    const parsed = this.candidate === '' ? undefined : decodeCandidate(this.candidate);
    if (parsed === undefined || isMalformed(parsed)) {
      this.usernameFragment = init.usernameFragment ?? null;
      return;
    }
    this.usernameFragment = init.usernameFragment ?? parsed.usernameFragment ?? null;
    this.foundation = parsed.foundation;
    this.component = parsed.component === 1 ? 'rtp' : parsed.component === 2 ? 'rtcp' : null;
    this.priority = parsed.priority;
    this.address = parsed.address;
    this.protocol = parsed.protocol;
    this.port = parsed.port;
    this.type = parsed.type;
    this.tcpType = parsed.tcpType ?? null;
    this.relatedAddress = parsed.relatedAddress ?? null;
    this.relatedPort = parsed.relatedPort ?? null;
  }

  /** The members that are signalled. */
  toJSON(): RTCIceCandidateInit {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = this;
    return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
  }
}

/** A candidate of the agent as an API object of the m-section it belongs to. */
export function apiCandidate(
  line: string,
  candidate: Candidate,
  mid: string | null,
  index: number,
  ufrag: string,
): RTCIceCandidate {
  const usernameFragment = candidate.usernameFragment ?? ufrag;
  const object = new RTCIceCandidate({ candidate: line, sdpMid: mid, sdpMLineIndex: index, usernameFragment });
  for (const name of ['url', 'relayProtocol'] as const)
    if (candidate[name] !== undefined)
      Object.defineProperty(object, name, { value: candidate[name], enumerable: true });
  return object;
}
