import type { Instant } from '@kaon/interface/core/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, type RtpPacket } from '@kaon/rtp';
import { PayloadTable } from './payload-table.ts';
import type { ReceivePort, RemoteStream } from './ports.ts';

/** Packets that belong nowhere, by why. */
export interface RouterCounters {
  /** Neither SSRC, MID, RID nor payload type say where they belong. */
  unknownStream: number;
  /** A MID or RID that was not negotiated. */
  unknownSection: number;
  /** A payload type that was not negotiated for their section. */
  unknownPayloadType: number;
  /** Header extensions that were not negotiated, on packets that are otherwise in order. They are not passed on. */
  unknownExtension: number;
  /** Retransmissions and repair of streams that were not seen yet. */
  orphanedRepair: number;
  /** Streams that were given up for others, because there were too many. */
  evicted: number;
}

/** What the router tells its transport. */
export interface RouterListener {
  /** A stream begins, or what is known of it has changed. */
  bind(stream: RemoteStream, isNew: boolean, now: Instant): void;
  unbind(stream: RemoteStream, now: Instant): void;
}

/**
 * Says which stream of which receiver a packet belongs to (RFC 8843 §9.2, RFC 8852 §3): by an SSRC that is known, else by MID
 * and RID, else by an SSRC that was announced, else by a payload type that only one section has.
 */
export class Router {
  readonly counters: RouterCounters = {
    unknownStream: 0,
    unknownSection: 0,
    unknownPayloadType: 0,
    unknownExtension: 0,
    orphanedRepair: 0,
    evicted: 0,
  };
  readonly #listener: RouterListener;
  readonly #maxStreams: number;
  readonly #sections = new Map<ReceivePort, Section>();
  /** By SSRC, as a signed number: those are cheaper keys. */
  readonly #bySsrc = new Map<number, Bound>();
  #midIds: readonly number[] = [];
  #last: Bound | undefined = undefined;

  constructor(listener: RouterListener, maxStreams: number) {
    this.#listener = listener;
    this.#maxStreams = maxStreams;
  }

  /** Media streams that are bound, repair apart. */
  get streams(): readonly RemoteStream[] {
    return [...this.#bySsrc.values()].filter(({ role }) => role === 'media').map(({ stream }) => stream);
  }

  /** Takes a receiver in, or its changed agreement. Streams that it no longer agrees with are given up. */
  setPort(port: ReceivePort, now: Instant): void {
    const before = this.#sections.get(port);
    const section = new Section(port);
    this.#sections.set(port, section);
    this.#index();
    if (before === undefined) return;
    for (const bound of this.#bySsrc.values()) if (bound.section === before) bound.section = section;
    for (const stream of before.streams) {
      section.streams.push(stream);
      if (stream.rid === undefined ? section.rids.length > 0 : !section.rids.includes(stream.rid)) {
        this.#unbind(stream, now);
        continue;
      }
      const { ssrc, rtxSsrc, fec } = stream.info;
      const info = section.info(ssrc, stream.rid);
      // What was learned from packets is still so.
      stream.info = {
        ...info,
        rtxSsrc: info.rtxSsrc ?? rtxSsrc,
        fec: info.fec === undefined ? undefined : { ...info.fec, ssrc: info.fec.ssrc ?? fec?.ssrc },
      };
      this.#listener.bind(stream, false, now);
    }
  }

  removePort(port: ReceivePort, now: Instant): void {
    const section = this.#sections.get(port);
    if (section === undefined) return;
    this.#sections.delete(port);
    for (const bound of [...this.#bySsrc.values()])
      if (bound.section === section && bound.role === 'media') this.#unbind(bound.stream, now);
    for (const [key, bound] of this.#bySsrc) if (bound.section === section) this.#bySsrc.delete(key);
    this.#last = undefined;
    this.#index();
  }

  /** The stream that a packet is part of, as media or as repair; undefined, and counted, when there is none. */
  route(packet: RtpPacket, now: Instant): RemoteStream | undefined {
    const { ssrc } = packet;
    let bound = this.#last?.ssrc === ssrc ? this.#last : this.#bySsrc.get(ssrc | 0);
    if (bound === undefined || this.#moved(packet, bound)) {
      if (bound !== undefined) this.#forget(bound, now);
      bound = this.#learn(packet, ssrc, now);
      if (bound === undefined) return undefined;
    }
    if (bound.section.payloads.roleOf(packet.payloadType) === undefined) {
      this.counters.unknownPayloadType++;
      return undefined;
    }
    this.counters.unknownExtension += packet.unknownExtensions(bound.section.extensions);
    bound.lastUsed = now;
    this.#last = bound;
    return bound.stream;
  }

  /** The stream whose media has this SSRC. */
  streamOf(ssrc: number): RemoteStream | undefined {
    const bound = this.#bySsrc.get(ssrc | 0);
    return bound?.role === 'media' ? bound.stream : undefined;
  }

  /** The peer left a stream (RTCP BYE): its SSRC may mean something else from now on. */
  bye(ssrc: number, now: Instant): RemoteStream | undefined {
    const bound = this.#bySsrc.get(ssrc | 0);
    if (bound === undefined) return undefined;
    this.#forget(bound, now);
    return bound.role === 'media' ? bound.stream : undefined;
  }

  /** Whether the packet carries the MID of another section than the one its SSRC is known to be of. */
  #moved(packet: RtpPacketView, bound: Bound): boolean {
    const id = bound.section.midId;
    if (id < 0) return false;
    const offset = packet.extensionOffset(id);
    return offset >= 0 && !equals(packet, offset, packet.extensionLength(id), bound.section.mid);
  }

  #learn(packet: RtpPacketView, ssrc: number, now: Instant): Bound | undefined {
    const section = this.#sectionOf(packet, ssrc);
    if (section === undefined) return undefined;
    const role = section.payloads.roleOf(packet.payloadType);
    if (role === undefined) {
      this.counters.unknownPayloadType++;
      return undefined;
    }
    return role === 'rtx' || role === 'flexfec'
      ? this.#learnRepair(packet, ssrc, section, role, now)
      : this.#learnMedia(packet, ssrc, section, now);
  }

  #sectionOf(packet: RtpPacketView, ssrc: number): Section | undefined {
    for (const id of this.#midIds) {
      const offset = packet.extensionOffset(id);
      if (offset < 0) continue;
      const length = packet.extensionLength(id);
      for (const section of this.#sections.values())
        if (section.midId === id && equals(packet, offset, length, section.mid)) return section;
      this.counters.unknownSection++;
      return undefined;
    }
    let byPayloadType: Section | undefined;
    let candidates = 0;
    for (const section of this.#sections.values()) {
      if (section.announced.has(ssrc)) return section;
      if (section.payloads.roleOf(packet.payloadType) === undefined) continue;
      byPayloadType = section;
      candidates++;
    }
    if (candidates === 1) return byPayloadType;
    this.counters.unknownStream++;
    return undefined;
  }

  #learnMedia(packet: RtpPacketView, ssrc: number, section: Section, now: Instant): Bound | undefined {
    let rid = text(packet, section.ridId);
    if (rid !== undefined && !section.rids.includes(rid)) {
      this.counters.unknownSection++;
      return undefined;
    }
    rid ??= section.announcedRid(ssrc);
    if (rid === undefined && section.rids.length > 0) {
      // A layer that does not say which one it is: its next packets will.
      this.counters.unknownStream++;
      return undefined;
    }
    if (rid !== undefined) {
      const before = section.streams.find((stream) => stream.rid === rid);
      // The layer goes on under another SSRC.
      if (before !== undefined) this.#unbind(before, now);
    }
    this.#makeRoom(now);
    const stream = new Stream(section.port, rid, section.info(ssrc, rid));
    section.streams.push(stream);
    const bound: Bound = { ssrc, role: 'media', section, stream, lastUsed: now };
    this.#bySsrc.set(ssrc | 0, bound);
    this.#listener.bind(stream, true, now);
    return bound;
  }

  #learnRepair(
    packet: RtpPacketView,
    ssrc: number,
    section: Section,
    role: 'rtx' | 'flexfec',
    now: Instant,
  ): Bound | undefined {
    const stream = this.#repaired(packet, ssrc, section, role);
    if (stream === undefined) {
      this.counters.orphanedRepair++;
      return undefined;
    }
    this.#makeRoom(now);
    for (const [key, bound] of this.#bySsrc)
      if (bound.stream === stream && bound.role === role) this.#bySsrc.delete(key);
    const bound: Bound = { ssrc, role, section, stream, lastUsed: now };
    this.#bySsrc.set(ssrc | 0, bound);
    const before = stream.info;
    if (role === 'rtx') {
      if (before.rtxSsrc === ssrc) return bound;
      stream.info = { ...before, rtxSsrc: ssrc };
    } else if (before.fec !== undefined) {
      if (before.fec.ssrc === ssrc) return bound;
      stream.info = { ...before, fec: { ...before.fec, ssrc } };
    }
    this.#listener.bind(stream, false, now);
    return bound;
  }

  /** Which media stream a retransmission or repair packet belongs to. */
  #repaired(packet: RtpPacketView, ssrc: number, section: Section, role: 'rtx' | 'flexfec'): Stream | undefined {
    const rid = text(packet, section.repairedRidId);
    if (rid !== undefined) return section.streams.find((stream) => stream.rid === rid);
    const semantics = role === 'rtx' ? 'FID' : 'FEC-FR';
    for (const group of section.port.agreement.ssrcGroups)
      if (group.semantics === semantics && group.ssrcs[1] === ssrc)
        return section.streams.find((stream) => stream.info.ssrc === group.ssrcs[0]);
    return section.streams.length === 1 ? section.streams[0] : undefined;
  }

  #makeRoom(now: Instant): void {
    if (this.#bySsrc.size < this.#maxStreams) return;
    let oldest: Bound | undefined;
    for (const bound of this.#bySsrc.values())
      if (oldest === undefined || bound.lastUsed < oldest.lastUsed) oldest = bound;
    if (oldest === undefined) return;
    this.counters.evicted++;
    this.#forget(oldest, now);
  }

  #forget(bound: Bound, now: Instant): void {
    if (bound.role === 'media') this.#unbind(bound.stream, now);
    else this.#bySsrc.delete(bound.ssrc | 0);
    this.#last = undefined;
  }

  /** Gives up a media stream and what repairs it. */
  #unbind(stream: Stream, now: Instant): void {
    for (const [key, bound] of this.#bySsrc) {
      if (bound.stream !== stream) continue;
      this.#bySsrc.delete(key);
      const { streams } = bound.section;
      if (streams.includes(stream)) streams.splice(streams.indexOf(stream), 1);
    }
    this.#last = undefined;
    this.#listener.unbind(stream, now);
  }

  #index(): void {
    const ids = [...this.#sections.values()].map(({ midId }) => midId).filter((id) => id >= 0);
    this.#midIds = [...new Set(ids)];
  }
}

interface Bound {
  readonly ssrc: number;
  readonly role: 'media' | 'rtx' | 'flexfec';
  section: Section;
  readonly stream: Stream;
  lastUsed: Instant;
}

class Stream implements RemoteStream {
  readonly port: ReceivePort;
  readonly rid: string | undefined;
  info: StreamInfo;

  constructor(port: ReceivePort, rid: string | undefined, info: StreamInfo) {
    this.port = port;
    this.rid = rid;
    this.info = info;
  }
}

/** What one media section says about its packets. */
class Section {
  readonly port: ReceivePort;
  readonly payloads: PayloadTable;
  readonly mid: Uint8Array;
  /** By id whether it was negotiated. */
  readonly extensions: Uint8Array = new Uint8Array(256);
  readonly midId: number;
  readonly ridId: number;
  readonly repairedRidId: number;
  readonly rids: readonly string[];
  readonly announced: ReadonlySet<number>;
  readonly streams: Stream[] = [];

  constructor(port: ReceivePort) {
    const { agreement } = port;
    const id = (uri: string): number => agreement.headerExtensions.find((one) => one.uri === uri)?.id ?? -1;
    this.port = port;
    this.payloads = new PayloadTable(agreement.codecs);
    this.mid = Uint8Array.from(agreement.mid, (letter) => letter.charCodeAt(0));
    for (const { id: agreed } of agreement.headerExtensions) this.extensions[agreed] = 1;
    this.midId = id(EXTENSION_URI.mid);
    this.ridId = id(EXTENSION_URI.rid);
    this.repairedRidId = id(EXTENSION_URI.repairedRid);
    this.rids = agreement.layers.map(({ rid }) => rid);
    this.announced = new Set([
      ...agreement.ssrcs.map(({ ssrc }) => ssrc),
      ...agreement.ssrcGroups.flatMap(({ ssrcs }) => ssrcs),
    ]);
  }

  /** The layer that an announced SSRC stands for: its place in the `SIM` group (old Plan B simulcast keeps the order). */
  announcedRid(ssrc: number): string | undefined {
    const group = this.port.agreement.ssrcGroups.find(({ semantics }) => semantics === 'SIM');
    const index = group?.ssrcs.indexOf(ssrc) ?? -1;
    return index < 0 ? undefined : this.rids[index];
  }

  info(ssrc: number, rid: string | undefined): StreamInfo {
    const { agreement } = this.port;
    const group = (semantics: string): number | undefined =>
      agreement.ssrcGroups.find((one) => one.semantics === semantics && one.ssrcs[0] === ssrc)?.ssrcs[1];
    return {
      ssrc,
      kind: agreement.kind,
      mid: agreement.mid,
      rid,
      cname: agreement.ssrcs.find((one) => one.ssrc === ssrc)?.cname,
      payloads: this.payloads.streamPayloads,
      rtxSsrc: group('FID'),
      fec: this.payloads.fec(group('FEC-FR')),
      feedback:
        agreement.codecs.find(({ payloadType }) => this.payloads.roleOf(payloadType) === 'media')?.rtcpFeedback ?? [],
      extensions: agreement.headerExtensions,
    };
  }
}

function equals({ bytes }: RtpPacketView, offset: number, length: number, wanted: Uint8Array): boolean {
  if (length !== wanted.length) return false;
  for (let i = 0; i < length; i++) if (bytes[offset + i] !== wanted[i]) return false;
  return true;
}

/** An extension that holds text (RFC 8285 SDES items); undefined when the packet has none. */
function text(packet: RtpPacketView, id: number): string | undefined {
  if (id < 0) return undefined;
  const offset = packet.extensionOffset(id);
  if (offset < 0) return undefined;
  return String.fromCharCode(...packet.bytes.subarray(offset, offset + packet.extensionLength(id)));
}
