import {
  ANY_ADDRESS,
  type Attribute,
  type Connection,
  candidateAttribute,
  hasAttribute,
  isDataSection,
  isRejected,
  type MediaDescription,
  readIceCredentials,
  readMid,
  readTlsId,
  type SessionDescription,
  serializeSdp,
  withAttributes,
  withMedia,
} from '@kaon/sdp';
import { RTCSessionDescription } from '../session-description.ts';

/** A description that was applied, and what trickled into it since. */
export class Description {
  readonly type: 'offer' | 'pranswer' | 'answer';
  #session: SessionDescription;
  #text: string | undefined;
  #api: RTCSessionDescription | undefined = undefined;

  /** `text` is what `session` was read from; it is kept as it is until something is added. */
  constructor(type: 'offer' | 'pranswer' | 'answer', session: SessionDescription, text?: string) {
    this.type = type;
    this.#session = session;
    this.#text = text;
  }

  get session(): SessionDescription {
    return this.#session;
  }

  get sdp(): string {
    this.#text ??= serializeSdp(this.#session);
    return this.#text;
  }

  /** The API's object, the same one until something is added. */
  get api(): RTCSessionDescription {
    this.#api ??= new RTCSessionDescription({ type: this.type, sdp: this.sdp });
    return this.#api;
  }

  /** The section for data channels, undefined when there is none that is not rejected. */
  get data(): { readonly media: MediaDescription; readonly index: number; readonly mid: string } | undefined {
    const index = dataIndex(this.#session);
    const media = this.#session.media[index];
    return media === undefined ? undefined : { media, index, mid: midOf(media, index) };
  }

  /** Index of the section of that name, or -1. */
  indexOf(mid: string): number {
    return this.#session.media.findIndex((media, index) => midOf(media, index) === mid);
  }

  /** Adds a candidate, and makes `defaultAddress` the one in `m=` and `c=`, where given. */
  addCandidate(index: number, line: string, defaultAddress?: DefaultAddress): void {
    const attribute = candidateAttribute(line);
    const known = this.#session.media[index]?.attributes.some(
      ({ name, value }) => name === attribute.name && value === attribute.value,
    );
    if (known !== true) this.#change(index, [attribute], defaultAddress);
  }

  /** Says that no more candidates follow. */
  endOfCandidates(index: number): void {
    const media = this.#session.media[index];
    if (media !== undefined && !hasAttribute(media, 'end-of-candidates'))
      this.#change(index, [{ name: 'end-of-candidates' }]);
  }

  #change(index: number, attributes: readonly Attribute[], defaultAddress?: DefaultAddress): void {
    const media = this.#session.media[index];
    if (media === undefined) return;
    const changed = withAttributes(media, ...attributes);
    this.#session = withMedia(
      this.#session,
      index,
      defaultAddress === undefined ? changed : withDefault(changed, defaultAddress),
    );
    this.#text = undefined;
    this.#api = undefined;
  }
}

/** Where a peer without ICE would send. */
export interface DefaultAddress {
  readonly address: string;
  readonly port: number;
}

/** Index of the section for data channels that is not rejected, or -1. */
export function dataIndex(session: SessionDescription): number {
  return session.media.findIndex((media) => isDataSection(media) && !isRejected(media));
}

/** The name of a section; one without a name goes by its index. */
export function midOf(media: MediaDescription, index: number): string {
  return readMid(media) ?? String(index);
}

/** The section with the default address in `m=` and `c=` (RFC 8839 §4.2.1.2). */
export function withDefault(media: MediaDescription, { address, port }: DefaultAddress): MediaDescription {
  const connection: Connection = { ...ANY_ADDRESS, addressType: address.includes(':') ? 'IP6' : 'IP4', address };
  return { ...media, port, connections: [connection] };
}

/**
 * Names the transport of a section in a description of ours: sections with the same name share one. Transports that are new in
 * one offer have the same ICE credentials, and are told apart by their DTLS association (RFC 8842 §4). Undefined without any.
 */
export function transportName(session: SessionDescription, media: MediaDescription): string | undefined {
  const credentials = readIceCredentials(session, media);
  return credentials && `${credentials.usernameFragment} ${readTlsId(session, media) ?? ''}`;
}
