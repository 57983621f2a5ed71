import { decodeCandidate } from '@kaon/ice';
import { type MediaDescription, readIceCredentials, readMid, type SessionDescription } from '@kaon/sdp';
import { isMalformed } from '@kaon/wire';
import { domError } from '../errors.ts';
import type { RTCIceCandidate, RTCIceCandidateInit } from '../ice-candidate.ts';
import type { TransportSet } from '../transport/transport-set.ts';
import { type DefaultAddress, type Description, midOf } from './description.ts';
import type { Negotiation } from './negotiation.ts';
import { groupOf } from './offer-answer.ts';
import { transportSection } from './validate.ts';

/**
 * Adds a candidate of the peer to its description and to the transport (W3C WebRTC §4.4.2, addIceCandidate).
 * Throws InvalidStateError and OperationError as the standard has it.
 */
export function addRemoteCandidate(
  negotiation: Negotiation,
  transports: TransportSet,
  init: RTCIceCandidateInit,
): void {
  const { remote } = negotiation;
  if (remote === undefined) throw domError('InvalidStateError', 'there is no remote description yet');
  const line = String(init.candidate ?? '');
  const named = (init.sdpMid ?? null) !== null || (init.sdpMLineIndex ?? null) !== null;
  const indexes = named ? [sectionIndex(remote, init)] : remote.session.media.map((_, index) => index);
  if (line !== '' && isMalformed(decodeCandidate(line))) throw domError('OperationError', `${line} is not a candidate`);
  for (const index of indexes) {
    const target = targetOf(negotiation, index, init.usernameFragment ?? null);
    const { session } = target;
    const media = session.media[index] as MediaDescription;
    const ufrag = readIceCredentials(session, transportSection(session, media))?.usernameFragment;
    if (line === '') target.endOfCandidates(index);
    else target.addCandidate(index, line);
    // Before offer and answer are through, the description keeps it for the transport.
    const mid = midOf(media, index);
    const members = groupOf(session, mid) ?? [];
    const transport = [mid, ...members].map((one) => transports.of(one)).find((one) => one !== undefined);
    if (transport === undefined || ufrag === undefined) continue;
    if (transport.agent.remoteCredentials?.usernameFragment !== ufrag) continue;
    // A section that was bundled may have had a transport of its own when it was offered.
    if (target.type === 'offer' && transport.line?.mid !== mid && !isFirst(session, index)) continue;
    if (line !== '') transport.addRemoteCandidate(line, ufrag);
    else if (isFirst(session, index)) transport.endOfRemoteCandidates();
  }
}

/** Whether a section is the one that its bundle's candidates belong to. */
function isFirst(session: SessionDescription, index: number): boolean {
  const mid = midOf(session.media[index] as MediaDescription, index);
  const group = groupOf(session, mid);
  return group === undefined || group[0] === mid;
}

/** Adds a candidate of ours to the description of its generation, with a better default address if it has one. */
export function addLocalCandidate(
  negotiation: Negotiation,
  candidate: RTCIceCandidate,
  all: readonly RTCIceCandidate[],
): void {
  for (const description of [negotiation.pendingLocal, negotiation.currentLocal]) {
    const index = candidate.sdpMLineIndex ?? -1;
    const media = description?.session.media[index];
    if (description === undefined || media === undefined) continue;
    if (readIceCredentials(description.session, media)?.usernameFragment !== candidate.usernameFragment) continue;
    if (candidate.candidate === '') description.endOfCandidates(index);
    else description.addCandidate(index, candidate.candidate, defaultAddress(all));
  }
}

/** The address that is most likely to work without ICE: relayed before reflexive before host, IPv4 first (RFC 8839 §4.2.1.2). */
export function defaultAddress(candidates: readonly RTCIceCandidate[]): DefaultAddress | undefined {
  let best: DefaultAddress | undefined;
  let bestRank = -1;
  for (const { type, address, port, protocol } of candidates) {
    if (address === null || port === null || protocol !== 'udp' || address.endsWith('.local')) continue;
    const rank = (type === 'relay' ? 4 : type === 'srflx' ? 2 : 0) + (address.includes(':') ? 0 : 1);
    if (rank > bestRank) [best, bestRank] = [{ address, port }, rank];
  }
  return best;
}

function sectionIndex(remote: Description, init: RTCIceCandidateInit): number {
  const mid = init.sdpMid ?? null;
  if (mid !== null) {
    const index = remote.indexOf(String(mid));
    if (index < 0) throw domError('OperationError', `no section of the remote description has the mid ${mid}`);
    return index;
  }
  const index = Number(init.sdpMLineIndex);
  if (!(index >= 0 && index < remote.session.media.length))
    throw domError('OperationError', `the remote description has no section ${index}`);
  return Math.trunc(index);
}

/** The remote description that has a generation's user name fragment. */
function targetOf(negotiation: Negotiation, index: number, fragment: string | null): Description {
  const remote = negotiation.remote as Description;
  if (fragment === null) return remote;
  for (const description of [negotiation.pendingRemote, negotiation.currentRemote]) {
    const media = description?.session.media[index];
    if (description === undefined || media === undefined) continue;
    const section =
      readIceCredentials(description.session, media) === undefined && readMid(media) !== undefined
        ? transportSection(description.session, media)
        : media;
    if (readIceCredentials(description.session, section)?.usernameFragment === fragment) return description;
  }
  throw domError('OperationError', `the remote description has no section with the user name fragment ${fragment}`);
}
