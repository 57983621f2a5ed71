import { checkCredentials } from '@kaon/ice';
import {
  decodeSdp,
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
import { type Description, dataIndex, midOf } from './description.ts';

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
  else if (previous !== undefined && session.media.length < previous.session.media.length)
    throw invalid('sections of the last description are missing');
  const media = session.media[dataIndex(session)];
  if (media === undefined) return;
  const section = transportSection(session, media);
  checkIce(session, section);
  if (readFingerprints(session, section).length === 0) throw invalid('the data section has no a=fingerprint');
  if (readSctpPort(media) === 0) throw invalid('a=sctp-port:0 is not a port');
  const setup = readSetup(session, section);
  if (type === 'offer' ? setup === 'holdconn' : setup !== 'active' && setup !== 'passive')
    throw invalid(`a=setup:${setup ?? '(none)'} cannot be in an ${type}`);
  if (type !== 'offer' && offer?.data !== undefined) {
    const offered = readSetup(offer.session, offer.data.media);
    if (offered === setup) throw invalid(`both sides say a=setup:${setup}`);
  }
  checkSameAssociation(session, section, previous);
}

/**
 * Checks a description of ours that may have been edited since it was made: what the transport stands by must be as it was.
 * Throws InvalidModificationError.
 */
export function checkLocal(session: SessionDescription, made: SessionDescription): void {
  const same =
    session.media.length === made.media.length &&
    session.media.every((media, index) => {
      const original = made.media[index] as MediaDescription;
      return sameSection(session, media, made, original);
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
 * Indexes of the sections whose candidates lead to the data section's transport: itself, and those in its bundle with the
 * same user name fragment, since a peer that bundles may name only the first section with its candidates.
 */
export function bundledSections(session: SessionDescription, index: number): number[] {
  const media = session.media[index] as MediaDescription;
  const mid = readMid(media);
  const fragment = readIceCredentials(session, transportSection(session, media))?.usernameFragment;
  const group = readGroups(session, 'BUNDLE').find(({ mids }) => mid !== undefined && mids.includes(mid));
  return session.media.flatMap((one, at) => {
    const other = readMid(one);
    const shares =
      other !== undefined &&
      group?.mids.includes(other) === true &&
      readIceCredentials(session, one)?.usernameFragment === fragment;
    return at === index || shares ? at : [];
  });
}

function checkIce(session: SessionDescription, section: MediaDescription): void {
  const credentials = readIceCredentials(session, section);
  if (credentials === undefined) throw invalid('the data section has no a=ice-ufrag and a=ice-pwd');
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
}

/** A DTLS association stays for the life of a transport here: a description may not ask for another one (RFC 8842 §4). */
function checkSameAssociation(
  session: SessionDescription,
  section: MediaDescription,
  previous: Description | undefined,
): void {
  if (previous?.data === undefined) return;
  const before = transportSection(previous.session, previous.data.media);
  const [oldId, newId] = [readTlsId(previous.session, before), readTlsId(session, section)];
  if (oldId !== undefined && newId !== undefined && oldId !== newId)
    throw domError('OperationError', 'a new DTLS association in a running transport (a=tls-id) is not supported');
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
      readIceCredentials(one, section),
      readFingerprints(one, section),
      readSetup(one, section),
    ]);
  return facts(session, media) === facts(made, original);
}

function invalid(message: string): DOMException {
  return domError('InvalidAccessError', message);
}
