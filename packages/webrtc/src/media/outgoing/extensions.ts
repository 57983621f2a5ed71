import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, ExtensionLayout } from '@kaon/rtp';
import { readU16, writeU16 } from '@kaon/wire';
import type { FeedStream } from '../feed.ts';
import type { SendAgreement } from '../negotiated.ts';
import { Counter } from './continuity.ts';

/**
 * The header extensions of one outgoing stream: what stands on every packet (MID, RID, what the transport fills in), and what
 * a frame or a forwarded packet brings. Only what was negotiated is ever written.
 */
export class OutgoingExtensions {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #allowTwoByte: boolean;
  readonly #constants: readonly { readonly id: number; readonly data: Uint8Array }[];
  readonly #fixed: readonly { readonly id: number; readonly length: number }[];
  #introducing = true;
  // What the present packet brings; arrays that are used again and again.
  readonly #extraIds: number[] = [];
  readonly #extraData: Uint8Array[] = [];
  readonly #extraOffsets: number[] = [];
  readonly #extraLengths: number[] = [];
  #layout: ExtensionLayout | undefined = undefined;
  /** What `#layout` was made for. */
  #layoutIds: readonly number[] = [];
  #layoutLengths: readonly number[] = [];
  /** The stream whose extensions `#passed` maps. */
  #passedFrom: FeedStream | undefined = undefined;
  #passed: readonly { readonly from: number; readonly to: number }[] = [];
  /** Index among the extras of a dependency descriptor that was passed on, or -1. */
  #descriptor = -1;
  /** Frame numbers of dependency descriptors, which have to go on evenly over a change of streams. */
  readonly #frameNumbers: Counter;

  /** `before`: those of the agreement before, where the stream goes on. */
  constructor(agreement: SendAgreement, rid: string | undefined, before?: OutgoingExtensions) {
    this.#frameNumbers = before === undefined ? new Counter(0xffff) : before.#frameNumbers;
    this.#ids = new Map(agreement.headerExtensions.map(({ uri, id }) => [uri, id]));
    this.#allowTwoByte = agreement.extmapAllowMixed;
    const constants: { id: number; data: Uint8Array }[] = [];
    const text = (uri: string, value: string | undefined): void => {
      const id = this.#ids.get(uri);
      if (id !== undefined && value !== undefined && value !== '')
        constants.push({ id, data: Uint8Array.from(value, (letter) => letter.charCodeAt(0)) });
    };
    text(EXTENSION_URI.mid, agreement.mid);
    text(EXTENSION_URI.rid, rid);
    this.#constants = constants;
    const fixed: { id: number; length: number }[] = [];
    for (const [uri, length] of FILLED_BY_TRANSPORT) {
      const id = this.#ids.get(uri);
      if (id !== undefined) fixed.push({ id, length });
    }
    this.#fixed = fixed;
  }

  /** Largest block in bytes that packets without extras have. */
  get usualLength(): number {
    return this.#layoutFor().length;
  }

  /** The peer knows by now where the stream belongs: MID and RID can be left out (RFC 8843 §15.2, RFC 8852 §3.3). */
  introduced(): void {
    if (!this.#introducing || this.#constants.length === 0) return;
    this.#introducing = false;
    this.#layout = undefined;
  }

  /** Begins another packet, without extras. */
  clear(): void {
    this.#descriptor = -1;
    this.#extraIds.length = 0;
    this.#extraData.length = 0;
    this.#extraOffsets.length = 0;
    this.#extraLengths.length = 0;
  }

  /** Adds the data of an extension if it was negotiated and is not one that the stream itself writes. */
  add(uri: string, data: Uint8Array, offset = 0, length: number = data.length): void {
    const id = this.#ids.get(uri);
    if (id === undefined || OWN.has(uri)) return;
    this.#add(id, data, offset, length);
  }

  /** Adds what a packet of another stream carries and may be passed on. */
  pass(packet: RtpPacketView, from: FeedStream): void {
    if (from !== this.#passedFrom) {
      this.#passedFrom = from;
      this.#passed = [...this.#ids]
        .filter(([uri]) => !OWN.has(uri))
        .map(([uri, to]) => ({ from: from.extensionId(uri), to }))
        .filter((one) => one.from >= 0);
    }
    for (const { from: id, to } of this.#passed) {
      const offset = packet.extensionOffset(id);
      if (offset < 0) continue;
      this.#add(to, packet.bytes, offset, packet.extensionLength(id));
      if (to === this.#ids.get(EXTENSION_URI.dependencyDescriptor)) this.#descriptor = this.#extraIds.indexOf(to);
    }
  }

  /** What is passed on next is of another stream. */
  leave(): void {
    this.#frameNumbers.leave();
  }

  /** Bytes of the block for the present packet; 0: none. */
  get length(): number {
    return this.#layoutFor().length;
  }

  /** Writes the block at `offset`. */
  write(buffer: Uint8Array, offset: number): void {
    const layout = this.#layoutFor();
    if (layout.length === 0) return;
    layout.write(buffer, offset);
    if (this.#introducing) for (const { id, data } of this.#constants) buffer.set(data, offset + layout.offset(id));
    for (let i = 0; i < this.#extraIds.length; i++) {
      const at = offset + layout.offset(this.#extraIds[i] as number);
      const from = this.#extraOffsets[i] as number;
      const data = this.#extraData[i] as Uint8Array;
      for (let k = 0; k < (this.#extraLengths[i] as number); k++) buffer[at + k] = data[from + k] as number;
      // The frame number follows on the first byte (AV1 RTP payload specification, appendix A.8).
      if (i === this.#descriptor && (this.#extraLengths[i] as number) >= 3)
        writeU16(buffer, at + 1, this.#frameNumbers.map(readU16(buffer, at + 1)));
    }
  }

  #add(id: number, data: Uint8Array, offset: number, length: number): void {
    const fits = id <= 14 && length >= 1 && length <= 16;
    if ((!fits && !this.#allowTwoByte) || length > 255 || this.#extraIds.includes(id)) return;
    this.#extraIds.push(id);
    this.#extraData.push(data);
    this.#extraOffsets.push(offset);
    this.#extraLengths.push(length);
  }

  /** Layouts are the same from packet to packet, mostly. */
  #layoutFor(): ExtensionLayout {
    const layout = this.#layout;
    if (layout !== undefined && same(this.#layoutIds, this.#extraIds) && same(this.#layoutLengths, this.#extraLengths))
      return layout;
    this.#layoutIds = [...this.#extraIds];
    this.#layoutLengths = [...this.#extraLengths];
    const elements = this.#introducing ? this.#constants.map(({ id, data }) => ({ id, length: data.length })) : [];
    elements.push(...this.#fixed);
    for (const [index, id] of this.#layoutIds.entries())
      elements.push({ id, length: this.#layoutLengths[index] as number });
    this.#layout = new ExtensionLayout(elements, { allowTwoByte: this.#allowTwoByte });
    return this.#layout;
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Written when a packet leaves, with their lengths in bytes. */
const FILLED_BY_TRANSPORT: readonly (readonly [uri: string, length: number])[] = [
  [EXTENSION_URI.transportSequenceNumber, 2],
  [EXTENSION_URI.absSendTime, 3],
];

/** What is about this hop only, and so never taken over from elsewhere. */
const OWN: ReadonlySet<string> = new Set<string>([
  EXTENSION_URI.mid,
  EXTENSION_URI.rid,
  EXTENSION_URI.repairedRid,
  EXTENSION_URI.transportSequenceNumber,
  EXTENSION_URI.transportSequenceNumberV2,
  EXTENSION_URI.absSendTime,
  EXTENSION_URI.transmissionOffset,
  EXTENSION_URI.videoTiming,
  EXTENSION_URI.videoLayersAllocation,
]);
