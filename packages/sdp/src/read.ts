/** What offer/answer asks of a description, with the media section's attribute before the session's (RFC 8829 §5.8). */
import { candidate } from './attributes/candidate.ts';
import { type Fingerprint, fingerprint } from './attributes/fingerprint.ts';
import { type Group, group } from './attributes/group.ts';
import { icePwd, iceUfrag } from './attributes/ice-credentials.ts';
import { iceOptions } from './attributes/ice-options.ts';
import { mid } from './attributes/mid.ts';
import { maxMessageSize, sctpPort } from './attributes/numbers.ts';
import { sctpmap } from './attributes/sctpmap.ts';
import { type Setup, setup } from './attributes/setup.ts';
import { tlsId } from './attributes/tls-id.ts';
import { readAttribute, readAttributes, readInherited } from './codec.ts';
import type { MediaDescription, Section } from './model.ts';
import { hasAttribute } from './section.ts';

/** All fingerprints of a media section, or of the session when it has none (RFC 8122 §5). */
export function readFingerprints(session: Section, media: Section): Fingerprint[] {
  return readAttributes(hasAttribute(media, fingerprint.name) ? media : session, fingerprint);
}

/** The DTLS role; undefined when nothing is said. */
export function readSetup(session: Section, media: Section): Setup | undefined {
  return readInherited(session, media, setup);
}

/** The id of the DTLS association (RFC 8842 §4); undefined when there is none. */
export function readTlsId(session: Section, media: Section): string | undefined {
  return readInherited(session, media, tlsId);
}

/** User name fragment and password; undefined unless both are there. */
export function readIceCredentials(
  session: Section,
  media: Section,
): { readonly usernameFragment: string; readonly password: string } | undefined {
  const usernameFragment = readInherited(session, media, iceUfrag);
  const password = readInherited(session, media, icePwd);
  return usernameFragment === undefined || password === undefined ? undefined : { usernameFragment, password };
}

/** ICE options of a media section, or of the session when it has none. */
export function readIceOptions(session: Section, media: Section): readonly string[] {
  return readInherited(session, media, iceOptions) ?? [];
}

/** Whether the sender is an ICE-lite agent (a session attribute). */
export function readIceLite(session: Section): boolean {
  return hasAttribute(session, 'ice-lite');
}

/** The candidates of a media section as `RTCIceCandidate.candidate` has them: `candidate:...`. */
export function readCandidates(media: Section): string[] {
  return readAttributes(media, candidate).map((value) => `candidate:${value}`);
}

/** Whether the media section says that no more candidates follow; the session may say it for all (RFC 8840 §8.2). */
export function readEndOfCandidates(session: Section, media: Section): boolean {
  return hasAttribute(media, 'end-of-candidates') || hasAttribute(session, 'end-of-candidates');
}

/** The SCTP port of a data section, also when an old peer wrote `sctpmap`; undefined when there is none. */
export function readSctpPort(media: Section): number | undefined {
  return readAttribute(media, sctpPort) ?? readAttribute(media, sctpmap)?.port;
}

/** The largest message in bytes that the peer takes; 0 means any. Undefined when nothing is said: 65536 (RFC 8841 §6.1). */
export function readMaxMessageSize(media: Section): number | undefined {
  return readAttribute(media, maxMessageSize);
}

/**
 * What the writer of a media section takes at most, in bit/s without the overhead of transport: `b=TIAS`, or `b=AS` in kbit/s
 * less what RFC 8829 §5.9 puts aside for RTCP and headers. Undefined: nothing is said.
 */
export function readBandwidth(media: MediaDescription): number | undefined {
  const of = (type: string): number | undefined => media.bandwidths?.find((each) => each.type === type)?.value;
  const specific = of('AS');
  return of('TIAS') ?? (specific === undefined ? undefined : Math.max(0, Math.floor(specific * 950) - 50 * 40 * 8));
}

/** The groups of a session, all or those of one kind (`BUNDLE`). */
export function readGroups(session: Section, semantics?: string): Group[] {
  const groups = readAttributes(session, group);
  return semantics === undefined ? groups : groups.filter((each) => each.semantics === semantics);
}

/** The name of a media section; undefined when it has none. */
export function readMid(media: Section): string | undefined {
  return readAttribute(media, mid);
}

/** Whether a media section is for data channels (RFC 8841 §4). */
export function isDataSection(media: MediaDescription): boolean {
  return media.kind === 'application' && /^(UDP|TCP)\/DTLS\/SCTP$|^DTLS\/SCTP$/.test(media.protocol);
}

/** Whether a media section is refused: port 0, and not merely left to its bundle (RFC 9143 §6). */
export function isRejected(media: MediaDescription): boolean {
  return media.port === 0 && !hasAttribute(media, 'bundle-only');
}
