import { checkCredentials, sameCredentials } from '@kaon/ice';
import {
  decodeSdp,
  hasAttribute,
  isDataSection,
  isRejected,
  type MediaDescription,
  readFingerprints,
  readGroups,
  readIceCredentials,
  readMid,
  readSctpPort,
  readSetup,
  readTlsId,
  type SessionDescription,
} from '@kaon/sdp';
import { isMalformed } from '@kaon/wire';
import { domError, RTCError } from '../errors.ts';
import { type Description, midOf, transportName } from './description.ts';

/** Reads a description. Throws `RTCError` `sdp-syntax-error` with the number of the bad line. */
export function readDescription(text: string): SessionDescription {
  const decoded = decodeSdp(text);
  if (!isMalformed(decoded)) return decoded;
  const { line, reason, text: bad } = decoded;
  throw new RTCError({ errorDetail: 'sdp-syntax-error', sdpLineNumber: line }, `line ${line}: ${reason}: ${bad}`);
}

/**
 * Checks a description of the peer. `offer` is ours when it is an answer; `previous` is the peer's last one.
 * Throws InvalidAccessError.
 */
export function checkRemote(
  session: SessionDescription,
  type: 'offer' | 'pranswer' | 'answer',
  offer: Description | undefined,
  previous: Description | undefined,
): void {
  const mids = session.media.map((media, index) => midOf(media, index));
  if (new Set(mids).size < mids.length) throw invalid('two sections have the same a=mid');
  for (const { mids: grouped } of readGroups(session, 'BUNDLE'))
    for (const mid of grouped)
      if (!mids.includes(mid)) throw invalid(`the BUNDLE group has ${mid}, which no section has`);
  if (type !== 'offer') checkAgainstOffer(session, offer);
  else if (previous !== undefined) checkAgainstPrevious(session, previous.session);
  for (const [index, media] of session.media.entries()) {
    if (isRejected(media) || !usesDtls(media)) continue;
    checkTransport(session, media, type, offer, index);
    if (isDataSection(media) && readSctpPort(media) === 0) throw invalid('a=sctp-port:0 is not a port');
    if (type !== 'offer' && !isDataSection(media) && !hasAttribute(media, 'rtcp-mux'))
      throw invalid(`section ${index} does not answer a=rtcp-mux`);
  }
}

/**
 * A DTLS association stays for the life of a transport here: a description may not ask for another one (RFC 8842 §4). `known`
 * gives the name of the association that a section goes over. Throws OperationError.
 */
export function checkAssociations(session: SessionDescription, known: (mid: string) => string | undefined): void {
  for (const [index, media] of session.media.entries()) {
    if (isRejected(media)) continue;
    const before = known(midOf(media, index));
    const now = readTlsId(session, transportSection(session, media));
    if (before !== undefined && now !== undefined && before !== now)
      throw domError('OperationError', 'a new DTLS association in a running transport (a=tls-id) is not supported');
  }
}

/**
 * Checks a description of ours that may have been edited since it was made: what the transport stands by must be as it was,
 * save the ICE credentials of sections whose transport is yet to be made. Throws InvalidModificationError.
 */
export function checkLocal(
  session: SessionDescription,
  made: SessionDescription,
  hasTransport: (mid: string) => boolean,
): void {
  const same =
    session.media.length === made.media.length &&
    session.media.every((media, index) => {
      const original = made.media[index] as MediaDescription;
      return (
        sameSection(session, media, made, original) &&
        (sameCredentials(readIceCredentials(session, media), readIceCredentials(made, original)) ||
          (!hasTransport(midOf(media, index)) && readIceCredentials(session, media) !== undefined))
      );
    });
  if (!same) throw domError('InvalidModificationError', 'the description is not the one that was created last');
}

/** The section whose transport attributes count: with BUNDLE they may stand at the group's first section (RFC 9143 §7). */
export function transportSection(session: SessionDescription, media: MediaDescription): MediaDescription {
  if (readIceCredentials(session, media) !== undefined && readFingerprints(session, media).length > 0) return media;
  const mid = readMid(media);
  const group = readGroups(session, 'BUNDLE').find(({ mids }) => mid !== undefined && mids.includes(mid));
  return session.media.find((one) => readMid(one) === group?.mids[0]) ?? media;
}

/**
 * Indexes of the sections whose candidates lead to the transport of a section: itself, and those in its bundle with the same
 * user name fragment, since a peer that bundles may name only the first section with its candidates. In an offer other
 * sections than the first may have transports of their own, until they are bundled.
 */
export function bundledSections(session: SessionDescription, index: number, isOffer: boolean): number[] {
  const media = session.media[index] as MediaDescription;
  const mid = readMid(media);
  const fragment = readIceCredentials(session, transportSection(session, media))?.usernameFragment;
  const group = readGroups(session, 'BUNDLE').find(({ mids }) => mid !== undefined && mids.includes(mid));
  return session.media.flatMap((one, at) => {
    const other = readMid(one);
    const shares =
      other !== undefined &&
      (isOffer ? group?.mids[0] === other : group?.mids.includes(other) === true) &&
      readIceCredentials(session, one)?.usernameFragment === fragment;
    return at === index || shares ? at : [];
  });
}

function checkTransport(
  session: SessionDescription,
  media: MediaDescription,
  type: 'offer' | 'pranswer' | 'answer',
  offer: Description | undefined,
  index: number,
): void {
  const section = transportSection(session, media);
  checkIce(session, section, index);
  if (readFingerprints(session, section).length === 0) throw invalid(`section ${index} has no a=fingerprint`);
  const setup = readSetup(session, section);
  if (type === 'offer' ? setup === 'holdconn' : setup !== 'active' && setup !== 'passive')
    throw invalid(`a=setup:${setup ?? '(none)'} cannot be in an ${type}`);
  const other = offer?.session.media[index];
  if (type === 'offer' || offer === undefined || other === undefined) return;
  const offered = readSetup(offer.session, transportSection(offer.session, other));
  if (offered === setup) throw invalid(`both sides say a=setup:${setup}`);
}

/** Sections keep their places and names until they are refused (RFC 8829 §5.2.2). */
function checkAgainstPrevious(session: SessionDescription, previous: SessionDescription): void {
  if (session.media.length < previous.media.length) throw invalid('sections of the last description are missing');
  for (const [index, before] of previous.media.entries()) {
    const media = session.media[index] as MediaDescription;
    if (isRejected(before)) continue;
    if (midOf(media, index) !== midOf(before, index) || media.kind !== before.kind)
      throw invalid(`section ${index} was ${before.kind} with a=mid:${midOf(before, index)} and is in use`);
  }
}

/** Sections that were offered over one transport have to stay on one (RFC 9143 §7.3). */
function checkBundle(session: SessionDescription, offer: SessionDescription): void {
  const groups = readGroups(session, 'BUNDLE');
  const offered = readGroups(offer, 'BUNDLE');
  for (const { mids } of groups)
    if (!offered.some((group) => mids.every((mid) => group.mids.includes(mid))))
      throw invalid(`the BUNDLE group ${mids.join(' ')} was not offered`);
  const seen = new Map<string, readonly string[] | undefined>();
  for (const [index, media] of session.media.entries()) {
    const ours = offer.media[index] as MediaDescription;
    const transport = transportName(offer, ours);
    if (isRejected(media) || transport === undefined) continue;
    const mid = midOf(media, index);
    const group = groups.find(({ mids }) => mids.includes(mid))?.mids;
    if (seen.has(transport) && (group === undefined || seen.get(transport) !== group))
      throw invalid(`section ${index} has no transport: it was offered as part of a bundle`);
    seen.set(transport, group);
  }
}

/** Whether a section is one that WebRTC has: over DTLS. */
function usesDtls(media: MediaDescription): boolean {
  return isDataSection(media) || media.protocol.includes('/TLS/');
}

function checkIce(session: SessionDescription, section: MediaDescription, index: number): void {
  const credentials = readIceCredentials(session, section);
  if (credentials === undefined) throw invalid(`section ${index} has no a=ice-ufrag and a=ice-pwd`);
  try {
    checkCredentials(credentials);
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function checkAgainstOffer(session: SessionDescription, offer: Description | undefined): void {
  const offered = offer?.session.media ?? [];
  if (session.media.length !== offered.length)
    throw invalid(`the answer has ${session.media.length} sections, the offer has ${offered.length}`);
  for (const [index, media] of session.media.entries()) {
    const other = offered[index] as MediaDescription;
    if (media.kind !== other.kind) throw invalid(`section ${index} is ${media.kind}, ${other.kind} was offered`);
    const mid = readMid(media);
    if (mid !== undefined && mid !== midOf(other, index))
      throw invalid(`section ${index} has a=mid:${mid}, not the offer's`);
    if (isRejected(other) && !isRejected(media)) throw invalid(`section ${index} was not offered`);
    if (isDataSection(other) && !isRejected(media) && !isDataSection(media))
      throw invalid(`section ${index} answers data channels with ${media.protocol}`);
  }
  if (offer !== undefined) checkBundle(session, offer.session);
}

function sameSection(
  session: SessionDescription,
  media: MediaDescription,
  made: SessionDescription,
  original: MediaDescription,
): boolean {
  const facts = (one: SessionDescription, section: MediaDescription): string =>
    JSON.stringify([
      section.kind,
      readMid(section),
      isRejected(section),
      readFingerprints(one, section),
      readSetup(one, section),
    ]);
  return facts(session, media) === facts(made, original);
}

function invalid(message: string): DOMException {
  return domError('InvalidAccessError', message);
}
