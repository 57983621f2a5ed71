import {
  ANY_ADDRESS,
  type Attribute,
  dataSection,
  type MediaDescription,
  makeAttribute,
  mid as midAttribute,
  readGroups,
  readMid,
  readSetup,
  type SessionDescription,
  type Setup,
  sessionDescription,
  type TransportInit,
  tlsId as tlsIdAttribute,
  withAttributes,
} from '@kaon/sdp';
import { type DefaultAddress, withDefault } from './description.ts';
import { transportSection } from './validate.ts';

/** What a section shows of its transport. */
export interface SectionTransport {
  readonly init: TransportInit;
  /** Names the DTLS association (RFC 8842 §4). */
  readonly tlsId: string;
  readonly defaultAddress: DefaultAddress | undefined;
  /** RFC 9143 §6. */
  readonly bundleOnly: boolean;
}

/** A section of a description in the making. */
export interface SectionPlan {
  readonly kind: string;
  /** Undefined: the peer gave it none. */
  readonly mid: string | undefined;
  /** Makes the section without what its transport adds behind it; undefined: the section is refused. */
  readonly make: ((transport: SectionTransport) => MediaDescription) | undefined;
  /** What stood in its place; a refused section repeats it. */
  readonly before: MediaDescription | undefined;
}

/** What the session part of a description says. */
export interface SessionParameters {
  readonly sessionId: string;
  readonly sessionVersion: number;
  /** We only answer checks (RFC 8445 §2.5). */
  readonly iceLite: boolean;
}

/** A description of ours: an offer (RFC 8829 §5.2), or an answer (§5.3) with the groups of the offer. */
export function describe(
  { sessionId, sessionVersion, iceLite }: SessionParameters,
  media: readonly MediaDescription[],
  bundles: readonly (readonly string[])[],
): SessionDescription {
  const [first, ...others] = bundles.filter((mids) => mids.length > 0);
  const attributes: Attribute[] = others.map((mids) => ({ name: 'group', value: `BUNDLE ${mids.join(' ')}` }));
  if (iceLite) attributes.push({ name: 'ice-lite' });
  attributes.push({ name: 'extmap-allow-mixed' }, { name: 'msid-semantic', value: ' WMS' });
  return sessionDescription({ sessionId, sessionVersion, bundle: first, attributes, media });
}

/** The section that a plan stands for, refused or with its transport. */
export function sectionOf(plan: SectionPlan, transport: SectionTransport | undefined): MediaDescription {
  if (plan.make === undefined || transport === undefined) return refused(plan);
  const section = withAttributes(plan.make(transport), makeAttribute(tlsIdAttribute, transport.tlsId));
  const { defaultAddress } = transport;
  return defaultAddress === undefined || transport.bundleOnly ? section : withDefault(section, defaultAddress);
}

/** The section for data channels. `offered` is what it answers. */
export function dataPlan(
  mid: string | undefined,
  local: { readonly sctpPort: number; readonly maxMessageSize: number },
  offered: MediaDescription | undefined,
): SectionPlan {
  const { sctpPort, maxMessageSize } = local;
  const make = ({ init, bundleOnly }: SectionTransport): MediaDescription => {
    const legacy = offered !== undefined && offered.protocol === 'DTLS/SCTP';
    const extra: Attribute[] = [];
    if (bundleOnly) extra.push({ name: 'bundle-only' });
    if (legacy) extra.push({ name: 'sctpmap', value: `${sctpPort} webrtc-datachannel 65535` });
    const section = dataSection({
      mid: mid ?? '0',
      transport: init,
      port: bundleOnly ? 0 : 9,
      sctpPort,
      maxMessageSize,
      protocol: offered?.protocol,
      attributes: extra,
    });
    const named =
      mid === undefined ? { ...section, attributes: section.attributes.filter(({ name }) => name !== 'mid') } : section;
    // `m=application 9 DTLS/SCTP 5000` of old peers: the port stands for the format.
    return legacy ? { ...named, formats: [String(sctpPort)] } : named;
  };
  return { kind: 'application', mid, make, before: offered };
}

/** What an answer says about DTLS roles. `role` is that of a DTLS connection in use. */
export function answerSetup(
  offer: SessionDescription,
  section: MediaDescription,
  role: 'client' | 'server' | undefined,
): Setup {
  const offered = readSetup(offer, transportSection(offer, section));
  if (offered === 'active') return 'passive';
  if (offered === 'passive') return 'active';
  // Being the client saves a round trip (RFC 8829 §5.3.1).
  return role === 'server' ? 'passive' : 'active';
}

/** The DTLS role that an answer gives the side which wrote it (RFC 8842 §5.3). */
export function roleOfAnswerer(answer: SessionDescription, section: MediaDescription): 'client' | 'server' | undefined {
  const setup = readSetup(answer, transportSection(answer, section));
  return setup === 'active' ? 'client' : setup === 'passive' ? 'server' : undefined;
}

/** The BUNDLE group that a section is in. */
export function groupOf(session: SessionDescription, mid: string | undefined): readonly string[] | undefined {
  return mid === undefined ? undefined : readGroups(session, 'BUNDLE').find(({ mids }) => mids.includes(mid))?.mids;
}

/** The section refused: port 0, and nothing but what says which one it is. */
function refused({ mid, before, kind: planned }: SectionPlan): MediaDescription {
  const { kind, protocol } = before ?? { kind: planned, protocol: 'UDP/TLS/RTP/SAVPF' };
  // Pion looks for the codec of each payload type that stands here, but for 0.
  const formats = kind === 'application' && before !== undefined ? before.formats : ['0'];
  const attributes: Attribute[] = kind === 'application' ? [] : [{ name: 'inactive' }];
  const name = mid ?? (before === undefined ? undefined : readMid(before));
  if (name !== undefined) attributes.unshift(makeAttribute(midAttribute, name));
  return { kind, port: 0, protocol, formats, connections: [ANY_ADDRESS], attributes };
}
