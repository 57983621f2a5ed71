/** Making descriptions: the parts that every WebRTC offer and answer has (RFC 8829 §5.2, §5.3; RFC 8841 §4). */
import { type Fingerprint, fingerprint } from './attributes/fingerprint.ts';
import { group } from './attributes/group.ts';
import { icePwd, iceUfrag } from './attributes/ice-credentials.ts';
import { iceOptions } from './attributes/ice-options.ts';
import { mid } from './attributes/mid.ts';
import { maxMessageSize, sctpPort } from './attributes/numbers.ts';
import { type Setup, setup } from './attributes/setup.ts';
import { makeAttribute } from './codec.ts';
import { SdpError } from './errors.ts';
import type { Attribute, Connection, MediaDescription, SessionDescription } from './model.ts';

/** What `sessionDescription` takes. */
export interface SessionInit {
  /** Up to 63 bits in decimal; random, once per peer connection (RFC 8829 §5.2.1). */
  readonly sessionId: string;
  /** Goes up by one with each description that differs. */
  readonly sessionVersion: number | string | bigint;
  /** Mids of the BUNDLE group; none: no group. */
  readonly bundle?: readonly string[] | undefined;
  /** Session attributes behind the group. */
  readonly attributes?: readonly Attribute[] | undefined;
  readonly media: readonly MediaDescription[];
}

/** A session with the constant lines that RFC 8829 §5.2.1 wants. */
export function sessionDescription(init: SessionInit): SessionDescription {
  const { bundle = [], attributes = [] } = init;
  const groups = bundle.length === 0 ? [] : [makeAttribute(group, { semantics: 'BUNDLE', mids: bundle })];
  return {
    version: 0,
    origin: {
      username: '-',
      sessionId: init.sessionId,
      sessionVersion: String(init.sessionVersion),
      networkType: 'IN',
      addressType: 'IP4',
      address: '127.0.0.1',
    },
    sessionName: '-',
    times: [{ start: 0, stop: 0 }],
    attributes: [...groups, ...attributes],
    media: init.media,
  };
}

/** What a transport contributes to its media section. */
export interface TransportInit {
  readonly usernameFragment: string;
  readonly password: string;
  /** Default `trickle`; an empty list leaves the line out. */
  readonly iceOptions?: readonly string[] | undefined;
  readonly fingerprints: readonly Fingerprint[];
  readonly setup: Setup;
  /** Candidates known so far, as `candidate:...`. */
  readonly candidates?: readonly string[] | undefined;
  /** No more candidates follow. */
  readonly endOfCandidates?: boolean | undefined;
}

/** The attributes of a transport, candidates first. */
export function transportAttributes(init: TransportInit): Attribute[] {
  const { candidates = [], iceOptions: options = ['trickle'] } = init;
  const attributes: Attribute[] = candidates.map(candidateAttribute);
  if (init.endOfCandidates) attributes.push({ name: 'end-of-candidates' });
  attributes.push(makeAttribute(iceUfrag, init.usernameFragment), makeAttribute(icePwd, init.password));
  if (options.length > 0) attributes.push(makeAttribute(iceOptions, options));
  for (const each of init.fingerprints) attributes.push(makeAttribute(fingerprint, each));
  attributes.push(makeAttribute(setup, init.setup));
  return attributes;
}

/** What `dataSection` takes. */
export interface DataSectionInit {
  readonly mid: string;
  /** Undefined: the section is rejected (port 0) or rides on another one's transport. */
  readonly transport?: TransportInit | undefined;
  /** Default 9; 0 rejects the section. */
  readonly port?: number | undefined;
  /** Default 0.0.0.0. */
  readonly connection?: Connection | undefined;
  /** Default `UDP/DTLS/SCTP`. */
  readonly protocol?: string | undefined;
  /** Default 5000. */
  readonly sctpPort?: number | undefined;
  /** Default: the line is left out, which means 65536. */
  readonly maxMessageSize?: number | undefined;
  /** Attributes behind all others. */
  readonly attributes?: readonly Attribute[] | undefined;
}

/** A media section for data channels. */
export function dataSection(init: DataSectionInit): MediaDescription {
  const attributes: Attribute[] = init.transport === undefined ? [] : transportAttributes(init.transport);
  attributes.push(makeAttribute(mid, init.mid), makeAttribute(sctpPort, init.sctpPort ?? 5000));
  if (init.maxMessageSize !== undefined) attributes.push(makeAttribute(maxMessageSize, init.maxMessageSize));
  attributes.push(...(init.attributes ?? []));
  return {
    kind: 'application',
    port: init.port ?? 9,
    protocol: init.protocol ?? 'UDP/DTLS/SCTP',
    formats: ['webrtc-datachannel'],
    connections: [init.connection ?? ANY_ADDRESS],
    attributes,
  };
}

/** `a=candidate` from `candidate:...` with or without `a=`. Throws `SdpError` (`SDP_INVALID_VALUE`) for anything else. */
export function candidateAttribute(text: string): Attribute {
  const value = /^(?:a=)?candidate:([^\r\n]+)$/.exec(text)?.[1];
  if (value === undefined) throw new SdpError('SDP_INVALID_VALUE', `${JSON.stringify(text)} is not a candidate`);
  return { name: 'candidate', value };
}

/** The description with another media section in the place of one: descriptions are never changed in place. */
export function withMedia(session: SessionDescription, index: number, media: MediaDescription): SessionDescription {
  return { ...session, media: session.media.map((each, i) => (i === index ? media : each)) };
}

/** The section with further attributes at its end. */
export function withAttributes<S extends { readonly attributes: readonly Attribute[] }>(
  section: S,
  ...attributes: readonly Attribute[]
): S {
  return { ...section, attributes: [...section.attributes, ...attributes] };
}

/** The section without the attributes of a name. */
export function withoutAttribute<S extends { readonly attributes: readonly Attribute[] }>(section: S, name: string): S {
  return { ...section, attributes: section.attributes.filter((attribute) => attribute.name !== name) };
}

/** `c=IN IP4 0.0.0.0`: no default address is known. */
export const ANY_ADDRESS: Connection = { networkType: 'IN', addressType: 'IP4', address: '0.0.0.0' };
