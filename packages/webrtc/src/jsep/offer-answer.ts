import type { IceCredentials } from '@kaon/ice';
import {
  ANY_ADDRESS,
  type Attribute,
  dataSection,
  isDataSection,
  isRejected,
  type MediaDescription,
  makeAttribute,
  mid as midAttribute,
  readGroups,
  readMid,
  readSetup,
  type SessionDescription,
  type Setup,
  sessionDescription,
  tlsId,
} from '@kaon/sdp';
import { type DefaultAddress, dataIndex, midOf, withDefault } from './description.ts';

/** What this side puts into its descriptions. */
export interface LocalParameters {
  readonly sessionId: string;
  readonly sessionVersion: number;
  readonly credentials: IceCredentials;
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
  /** Names the DTLS association (RFC 8842 §4). */
  readonly tlsId: string;
  /** Candidates known so far, as `candidate:...`. */
  readonly candidates: readonly string[];
  readonly endOfCandidates: boolean;
  readonly defaultAddress?: DefaultAddress | undefined;
  readonly sctpPort: number;
  readonly maxMessageSize: number;
}

/**
 * An offer (RFC 8829 §5.2). `previous` is the last description of ours that was agreed on; its sections keep their places.
 * `data` asks for a section for data channels.
 */
export function makeOffer(
  local: LocalParameters,
  previous: SessionDescription | undefined,
  data: boolean,
): SessionDescription {
  const media: MediaDescription[] = (previous?.media ?? []).map((section, index) =>
    index === dataIndex(previous as SessionDescription)
      ? ourSection(local, midOf(section, index), 'actpass')
      : rejected(section, midOf(section, index)),
  );
  if (data && !media.some((section) => section.port !== 0)) {
    const section = ourSection(local, unusedMid(media), 'actpass');
    // The place of a section that was rejected may be taken again (RFC 8829 §5.2.2).
    const free = media.findIndex((one) => one.port === 0 && isDataSection(one));
    if (free < 0) media.push(section);
    else media[free] = section;
  }
  return describe(local, media, undefined);
}

/** An answer to `offer` (RFC 8829 §5.3): data channels are taken, all else is rejected. `role` is that of a DTLS connection in use. */
export function makeAnswer(
  local: LocalParameters,
  offer: SessionDescription,
  role: 'client' | 'server' | undefined,
): SessionDescription {
  const accepted = dataIndex(offer);
  const media = offer.media.map((section, index) => {
    const mid = readMid(section);
    if (index !== accepted) return rejected(section, mid);
    return ourSection(local, mid, answerSetup(readSetup(offer, section), role), section);
  });
  return describe(local, media, offer);
}

/** The DTLS role that an answer gives the side which wrote it (RFC 8842 §5.3). */
export function roleOfAnswerer(answer: SessionDescription, section: MediaDescription): 'client' | 'server' | undefined {
  const setup = readSetup(answer, section);
  return setup === 'active' ? 'client' : setup === 'passive' ? 'server' : undefined;
}

function answerSetup(offered: Setup | undefined, role: 'client' | 'server' | undefined): Setup {
  if (offered === 'active') return 'passive';
  if (offered === 'passive') return 'active';
  // Being the client saves a round trip (RFC 8829 §5.3.1).
  return role === 'server' ? 'passive' : 'active';
}

function describe(
  local: LocalParameters,
  media: readonly MediaDescription[],
  offer: SessionDescription | undefined,
): SessionDescription {
  const bundled = new Set(offer === undefined ? undefined : readGroups(offer, 'BUNDLE').flatMap((group) => group.mids));
  const mids = media.flatMap((section) => (isRejected(section) ? [] : (readMid(section) ?? [])));
  const bundle = offer === undefined ? mids : mids.filter((mid) => bundled.has(mid));
  return sessionDescription({
    sessionId: local.sessionId,
    sessionVersion: local.sessionVersion,
    bundle,
    attributes: [{ name: 'extmap-allow-mixed' }, { name: 'msid-semantic', value: ' WMS' }],
    media,
  });
}

function ourSection(
  local: LocalParameters,
  mid: string | undefined,
  setup: Setup,
  offered?: MediaDescription,
): MediaDescription {
  const legacy = offered !== undefined && offered.protocol === 'DTLS/SCTP';
  const extra: Attribute[] = [makeAttribute(tlsId, local.tlsId)];
  if (legacy) extra.push({ name: 'sctpmap', value: `${local.sctpPort} webrtc-datachannel 65535` });
  const section = dataSection({
    mid: mid ?? '0',
    transport: {
      ...local.credentials,
      iceOptions: ['trickle', 'ice2'],
      fingerprints: local.fingerprints,
      setup,
      candidates: local.candidates,
      endOfCandidates: local.endOfCandidates,
    },
    sctpPort: local.sctpPort,
    maxMessageSize: local.maxMessageSize,
    protocol: offered?.protocol,
    attributes: extra,
  });
  const named =
    mid === undefined ? { ...section, attributes: section.attributes.filter(({ name }) => name !== 'mid') } : section;
  // `m=application 9 DTLS/SCTP 5000` of old peers: the port stands for the format.
  const formatted = legacy ? { ...named, formats: [String(local.sctpPort)] } : named;
  return local.defaultAddress === undefined ? formatted : withDefault(formatted, local.defaultAddress);
}

/** The section refused: port 0, and nothing but what says which one it is. */
function rejected(section: MediaDescription, mid: string | undefined): MediaDescription {
  const attributes: Attribute[] = section.kind === 'application' ? [] : [{ name: 'inactive' }];
  if (mid !== undefined) attributes.unshift(makeAttribute(midAttribute, mid));
  const { kind, protocol, formats } = section;
  return { kind, port: 0, protocol, formats, connections: [ANY_ADDRESS], attributes };
}

function unusedMid(media: readonly MediaDescription[]): string {
  const used = new Set(media.map((section, index) => midOf(section, index)));
  let mid = 0;
  while (used.has(String(mid))) mid++;
  return String(mid);
}
