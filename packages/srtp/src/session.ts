import { readU16, readU32, writeU32 } from '@kaon/wire';
import { AssociatedData } from './associated-data.ts';
import { gather, hasHeaderSecrets, isCryptex, markCryptex, scatter, unmarkCryptex } from './cryptex.ts';
import {
  SRTP_KEY_EXPIRED,
  SRTP_MALFORMED,
  SRTP_NOT_AUTHENTIC,
  SRTP_NOT_CRYPTEX,
  SRTP_REPLAYED,
  SRTP_UNKNOWN_KEY,
  SrtpError,
} from './errors.ts';
import { type ResolvedOptions, resolveOptions, type SrtpSessionOptions } from './options.ts';
import { isRtcpPacket, payloadOffset, RTCP_HEADER, RTP_HEADER } from './packet.ts';
import type { SrtpProfile } from './profiles.ts';
import { type PacketKeys, SessionKeys } from './session-keys.ts';
import { estimateIndex, Stream, writeMask } from './stream.ts';

/** Which way a stream goes. */
export type SrtpDirection = 'local' | 'remote';

/** What a session did and dropped since it was made. */
export interface SrtpCounters {
  rtpProtected: number;
  rtcpProtected: number;
  rtpUnprotected: number;
  rtcpUnprotected: number;
  /** Dropped, by the numbers that `unprotectRtp` and `unprotectRtcp` returned. */
  malformed: number;
  authenticationFailures: number;
  replays: number;
  unknownKeys: number;
  expired: number;
  notCryptex: number;
  /** SRTCP packets that came authenticated but not encrypted (RFC 3711 §3.4, E bit). */
  rtcpInTheClear: number;
  /** Incoming streams that gave way to a new one for `maxStreams`. */
  streamsForgotten: number;
  /** SSRCs that both sides use (RFC 3550 §8.2). The keys of both directions differ, so nothing is given away. */
  ssrcCollisions: number;
}

/** E bit and index of SRTCP (RFC 3711 §3.4). */
const RTCP_TRAILER = 4;
const ENCRYPTED = 0x80000000;
const MOST_INDEX = 2 ** 48 - 1;

/**
 * SRTP and SRTCP (RFC 3711, RFC 7714) of one transport: all streams under one pair of master keys. Packets are worked on in place.
 * State is kept only for streams of which an authentic packet came; nothing that is forged moves a rollover counter.
 */
export class SrtpSession {
  readonly profile: SrtpProfile;
  /** How much longer an RTP packet may become. The room has to be there even when a packet takes less. */
  readonly overhead: number;
  /** How much longer an RTCP packet becomes. */
  readonly rtcpOverhead: number;
  readonly counters: Readonly<SrtpCounters>;
  readonly #options: ResolvedOptions;
  readonly #counters: SrtpCounters;
  readonly #local: SessionKeys;
  readonly #remote: readonly SessionKeys[];
  readonly #localMki: number;
  readonly #remoteMki: number;
  readonly #localStreams = new Map<number, Stream>();
  readonly #remoteStreams = new Map<number, Stream>();
  /** The stream of the packet before, which often is that of the next. */
  #lastLocal: Stream | undefined = undefined;
  #lastRemote: Stream | undefined = undefined;
  #uses = 0;
  #disposed = false;
  readonly #nonce = new Uint8Array(12);
  readonly #counter = new Uint8Array(16);
  readonly #mask = new Uint8Array(16);
  readonly #tag = new Uint8Array(20);
  readonly #aad = new AssociatedData();

  /** Throws `SRTP_BAD_OPTION`. */
  constructor(options: SrtpSessionOptions) {
    const resolved = resolveOptions(options);
    const { profile, crypto, encryptedExtensions } = resolved;
    this.#options = resolved;
    this.profile = profile;
    this.#local = new SessionKeys(resolved.local, profile, crypto, encryptedExtensions);
    this.#remote = resolved.remote.map((master) => new SessionKeys(master, profile, crypto, encryptedExtensions));
    this.#localMki = resolved.local.mki.length;
    this.#remoteMki = resolved.remote[0]!.mki.length;
    const sendsCryptex = resolved.cryptex === 'send' || resolved.cryptex === 'require';
    this.overhead = profile.rtpTagLength + this.#localMki + (sendsCryptex ? 4 : 0);
    this.rtcpOverhead = profile.rtcpTagLength + this.#localMki + RTCP_TRAILER;
    this.#counters = {
      rtpProtected: 0,
      rtcpProtected: 0,
      rtpUnprotected: 0,
      rtcpUnprotected: 0,
      malformed: 0,
      authenticationFailures: 0,
      replays: 0,
      unknownKeys: 0,
      expired: 0,
      notCryptex: 0,
      rtcpInTheClear: 0,
      streamsForgotten: 0,
      ssrcCollisions: 0,
    };
    this.counters = this.#counters;
  }

  /**
   * Protects the RTP packet in `buffer[start, end)` in place and returns its new end, at most `overhead` further on. Throws
   * `SrtpError`: `SRTP_BAD_PACKET`, `SRTP_NO_ROOM`, `SRTP_INDEX_REUSED`, `SRTP_TOO_MANY_STREAMS`, `SRTP_KEY_EXHAUSTED`, `SRTP_DISPOSED`.
   */
  protectRtp(buffer: Uint8Array, start: number, end: number): number {
    const payload = this.#checkLocal(buffer, end, this.overhead, payloadOffset(buffer, start, end));
    const keys = this.#local;
    const stream = this.#localStream(readU32(buffer, start + 8));
    const { window } = stream;
    const index = estimateIndex(window.newest, readU16(buffer, start + 2), stream.initialRollover);
    if (index > MOST_INDEX || keys.rtp.packets >= this.#options.rtpLifetime) {
      throw new SrtpError('SRTP_KEY_EXHAUSTED', 'The master key has served for all the RTP packets that it may.');
    }
    if (!(index >= 0 && window.isNew(index)) && !(this.#options.allowRepeats && index >= 0)) {
      throw new SrtpError(
        'SRTP_INDEX_REUSED',
        `Packet ${index & 0xffff} of stream ${stream.ssrc} was sent before, or too long ago to tell.`,
      );
    }
    if (stream.keys === undefined) stream.use(keys);
    let text = payload;
    let textEnd = end;
    const { cryptex } = this.#options;
    let hidden = false;
    if (cryptex === 'send' || cryptex === 'require') {
      const marked = markCryptex(buffer, start, end);
      if (marked >= 0) {
        hidden = true;
        text = start + RTP_HEADER + 4;
        textEnd = marked;
        gather(buffer, start);
      }
    } else if (keys.header !== undefined) {
      this.#applyHeader(keys, stream.ssrc, index, buffer, start);
    }
    if (stream.aead !== undefined) {
      this.#makeNonce(stream.mask, index);
      const aad = this.#aad.copy(buffer, start, text, 0);
      textEnd = stream.aead.seal(this.#nonce, aad, buffer, text, textEnd);
      if (hidden) scatter(buffer, start);
      textEnd = putBytes(buffer, textEnd, keys.mki);
    } else {
      if (stream.counterMode !== undefined) {
        this.#makeCounter(stream.mask, index);
        stream.counterMode.apply(this.#counter, buffer, text, textEnd);
      }
      if (hidden) scatter(buffer, start);
      // The rollover counter is authenticated as if it stood behind the packet (RFC 3711 §4.2).
      writeU32(buffer, textEnd, Math.floor(index / 65536));
      this.#sign(keys.rtp, buffer, start, textEnd + 4);
      textEnd = putBytes(buffer, textEnd, keys.mki);
      textEnd = this.#putTag(buffer, textEnd, this.profile.rtpTagLength);
    }
    window.accept(index);
    keys.rtp.packets++;
    this.#counters.rtpProtected++;
    return textEnd;
  }

  /**
   * Checks and decrypts the SRTP packet in `buffer[start, end)` in place and returns the end of the plain packet, or one of the negative
   * `SRTP_` numbers when it is to be dropped: nothing but a counter has changed then. Never throws.
   */
  unprotectRtp(buffer: Uint8Array, start: number, end: number): number {
    const { profile } = this;
    const { cryptex, rtpLifetime } = this.#options;
    const tagLength = profile.rtpTagLength;
    const trailer = tagLength + this.#remoteMki;
    const payload = payloadOffset(buffer, start, end - trailer);
    if (payload < 0) return this.#malformed();
    const isAead = profile.aead !== undefined;
    const keys = this.#remoteKeys(buffer, isAead ? end - this.#remoteMki : end - trailer);
    if (keys === undefined) return this.#unknownKey();
    const hidden = cryptex !== 'off' && isCryptex(buffer, start);
    if (cryptex === 'require' && !hidden && hasHeaderSecrets(buffer, start)) {
      this.#counters.notCryptex++;
      return SRTP_NOT_CRYPTEX;
    }
    const ssrc = readU32(buffer, start + 8);
    const stream = this.#knownStream(ssrc);
    const sequenceNumber = readU16(buffer, start + 2);
    const index =
      stream === undefined
        ? sequenceNumber
        : estimateIndex(stream.window.newest, sequenceNumber, stream.initialRollover);
    if (index < 0 || (stream !== undefined && !stream.window.isNew(index))) return this.#replay();
    if (index > MOST_INDEX || keys.rtp.packets >= rtpLifetime) return this.#expired();
    let mask: Uint8Array = this.#mask;
    let { aead, counterMode } = keys.rtp;
    if (stream !== undefined && stream.keys === keys) {
      mask = stream.mask;
      aead = stream.aead;
      counterMode = stream.counterMode;
    } else {
      writeMask(mask, keys.rtp, ssrc);
    }
    const text = hidden ? start + RTP_HEADER + 4 : payload;
    let textEnd = end - trailer;
    if (aead !== undefined) {
      if (hidden) gather(buffer, start);
      this.#makeNonce(mask, index);
      textEnd = aead.open(this.#nonce, this.#aad.copy(buffer, start, text, 0), buffer, text, end - this.#remoteMki);
      if (hidden) scatter(buffer, start);
      if (textEnd < 0) return this.#notAuthentic();
    } else {
      if (!this.#verifyRtp(keys.rtp, index, buffer, start, textEnd, end - tagLength)) return this.#notAuthentic();
      if (counterMode !== undefined) {
        if (hidden) gather(buffer, start);
        this.#makeCounter(mask, index);
        counterMode.apply(this.#counter, buffer, text, textEnd);
        if (hidden) scatter(buffer, start);
      }
    }
    if (hidden) unmarkCryptex(buffer, start);
    else if (keys.header !== undefined) this.#applyHeader(keys, ssrc, index, buffer, start);
    const known = stream ?? this.#newRemoteStream(ssrc);
    if (known.keys !== keys) known.use(keys);
    known.lastUsed = ++this.#uses;
    known.window.accept(index);
    keys.rtp.packets++;
    this.#counters.rtpUnprotected++;
    return textEnd;
  }

  /**
   * Protects the RTCP packet, compound or of reduced size, in `buffer[start, end)` in place and returns its new end, `rtcpOverhead`
   * further on. Throws `SrtpError` as `protectRtp` does.
   */
  protectRtcp(buffer: Uint8Array, start: number, end: number): number {
    this.#checkLocal(buffer, end, this.rtcpOverhead, isRtcpPacket(buffer, start, end) ? 0 : -1);
    const keys = this.#local;
    const { rtcp } = keys;
    const stream = this.#localStream(readU32(buffer, start + 4));
    const index = stream.rtcpIndex;
    if (index >= ENCRYPTED || rtcp.packets >= this.#options.rtcpLifetime) {
      throw new SrtpError('SRTP_KEY_EXHAUSTED', 'The master key has served for all the RTCP packets that it may.');
    }
    const text = start + RTCP_HEADER;
    let newEnd = end;
    const word = this.profile.encrypts ? ENCRYPTED + index : index;
    writeMask(this.#mask, rtcp, stream.ssrc);
    if (rtcp.aead !== undefined) {
      this.#makeNonce(this.#mask, index);
      const aad = this.#aad.copy(buffer, start, text, RTCP_TRAILER);
      writeU32(aad, RTCP_HEADER, word);
      newEnd = rtcp.aead.seal(this.#nonce, aad, buffer, text, newEnd);
      writeU32(buffer, newEnd, word);
      newEnd = putBytes(buffer, newEnd + RTCP_TRAILER, keys.mki);
    } else {
      if (rtcp.counterMode !== undefined) {
        this.#makeCounter(this.#mask, index);
        rtcp.counterMode.apply(this.#counter, buffer, text, newEnd);
      }
      writeU32(buffer, newEnd, word);
      newEnd += RTCP_TRAILER;
      this.#sign(rtcp, buffer, start, newEnd);
      newEnd = putBytes(buffer, newEnd, keys.mki);
      newEnd = this.#putTag(buffer, newEnd, this.profile.rtcpTagLength);
    }
    stream.rtcpIndex = index + 1;
    rtcp.packets++;
    this.#counters.rtcpProtected++;
    return newEnd;
  }

  /** Checks and decrypts the SRTCP packet in `buffer[start, end)` in place. As `unprotectRtp`. */
  unprotectRtcp(buffer: Uint8Array, start: number, end: number): number {
    const tagLength = this.profile.rtcpTagLength;
    const trailer = tagLength + this.#remoteMki + RTCP_TRAILER;
    if (!isRtcpPacket(buffer, start, end - trailer)) return this.#malformed();
    const isAead = this.profile.aead !== undefined;
    const mkiAt = isAead ? end - this.#remoteMki : end - tagLength - this.#remoteMki;
    const keys = this.#remoteKeys(buffer, mkiAt);
    if (keys === undefined) return this.#unknownKey();
    const { rtcp } = keys;
    const word = readU32(buffer, mkiAt - RTCP_TRAILER);
    const isEncrypted = word >= ENCRYPTED;
    const index = isEncrypted ? word - ENCRYPTED : word;
    const ssrc = readU32(buffer, start + 4);
    const stream = this.#knownStream(ssrc);
    if (stream !== undefined && !stream.rtcpWindow.isNew(index)) return this.#replay();
    if (rtcp.packets >= this.#options.rtcpLifetime) return this.#expired();
    writeMask(this.#mask, rtcp, ssrc);
    let newEnd = end - trailer;
    if (rtcp.aead !== undefined) {
      const text = isEncrypted ? start + RTCP_HEADER : newEnd;
      const aad = this.#aad.copy(buffer, start, text, RTCP_TRAILER);
      writeU32(aad, text - start, word);
      this.#makeNonce(this.#mask, index);
      newEnd = rtcp.aead.open(this.#nonce, aad, buffer, text, mkiAt - RTCP_TRAILER);
      if (newEnd < 0) return this.#notAuthentic();
    } else {
      this.#sign(rtcp, buffer, start, mkiAt);
      if (!this.#isTag(buffer, end - tagLength, tagLength)) return this.#notAuthentic();
      if (isEncrypted && rtcp.counterMode !== undefined) {
        this.#makeCounter(this.#mask, index);
        rtcp.counterMode.apply(this.#counter, buffer, start + RTCP_HEADER, newEnd);
      }
    }
    if (!isEncrypted) this.#counters.rtcpInTheClear++;
    const known = stream ?? this.#newRemoteStream(ssrc);
    known.lastUsed = ++this.#uses;
    known.rtcpWindow.accept(index);
    rtcp.packets++;
    this.#counters.rtcpUnprotected++;
    return newEnd;
  }

  /** How often the sequence numbers of a stream went round (RFC 3711 §3.3.1); undefined for an unknown stream. */
  rolloverCounter(ssrc: number, direction: SrtpDirection): number | undefined {
    const stream = (direction === 'local' ? this.#localStreams : this.#remoteStreams).get(ssrc);
    if (stream === undefined) return undefined;
    const { newest } = stream.window;
    return newest < 0 ? stream.initialRollover : Math.floor(newest / 65536);
  }

  /**
   * Sets the rollover counter that the next packet of a stream has, for a session that is joined late or taken over (RFC 3711
   * §3.3.1). What the replay window knew of the stream is forgotten. Throws RangeError on a number that is no 32-bit one, and `SRTP_INDEX_REUSED`
   * for a local stream that is past it.
   */
  setRolloverCounter(ssrc: number, direction: SrtpDirection, value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= 0xffffffff)) {
      throw new RangeError(`A rollover counter has 32 bits: ${value}`);
    }
    const stream = this.#openStream(ssrc, direction);
    if (direction === 'local' && Math.floor(stream.window.newest / 65536) >= value) {
      throw new SrtpError('SRTP_INDEX_REUSED', `Stream ${ssrc} has sent under rollover counter ${value} already.`);
    }
    stream.window.reset();
    stream.initialRollover = value;
  }

  /** The index of the next SRTCP packet that a local stream sends (RFC 3711 §3.4); undefined for an unknown stream. */
  rtcpIndex(ssrc: number): number | undefined {
    return this.#localStreams.get(ssrc)?.rtcpIndex;
  }

  /** Sets that index, for a session that is taken over. Throws RangeError on one of more than 31 bits, or that was used. */
  setRtcpIndex(ssrc: number, value: number): void {
    const stream = this.#openStream(ssrc, 'local');
    if (!(Number.isInteger(value) && value >= stream.rtcpIndex && value < ENCRYPTED)) {
      throw new RangeError(`An SRTCP index has 31 bits and never goes back: ${value}`);
    }
    stream.rtcpIndex = value;
  }

  /** How many streams have state, for statistics and tests. */
  streamCount(direction: SrtpDirection): number {
    return (direction === 'local' ? this.#localStreams : this.#remoteStreams).size;
  }

  /** Gives up all keys. Afterwards packets cannot be protected (`SRTP_DISPOSED`), and all that come are dropped. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const streams of [this.#localStreams, this.#remoteStreams]) {
      for (const stream of streams.values()) stream.dispose();
      streams.clear();
    }
    this.#lastLocal = undefined;
    this.#lastRemote = undefined;
    for (const keys of [this.#local, ...this.#remote]) keys.dispose();
  }

  #checkLocal(buffer: Uint8Array, end: number, room: number, payload: number): number {
    if (this.#disposed) throw new SrtpError('SRTP_DISPOSED', 'The session was disposed of.');
    if (payload < 0) throw new SrtpError('SRTP_BAD_PACKET', 'The bytes are no packet.');
    if (end + room > buffer.length) {
      throw new SrtpError('SRTP_NO_ROOM', `There are ${room} bytes needed behind the packet.`);
    }
    return payload;
  }

  #localStream(ssrc: number): Stream {
    const last = this.#lastLocal;
    if (last !== undefined && last.ssrc === ssrc) return last;
    const stream = this.#openStream(ssrc, 'local');
    this.#lastLocal = stream;
    return stream;
  }

  #knownStream(ssrc: number): Stream | undefined {
    const last = this.#lastRemote;
    if (last !== undefined && last.ssrc === ssrc) return last;
    const stream = this.#remoteStreams.get(ssrc);
    if (stream !== undefined) this.#lastRemote = stream;
    return stream;
  }

  #openStream(ssrc: number, direction: SrtpDirection): Stream {
    if (this.#disposed) throw new SrtpError('SRTP_DISPOSED', 'The session was disposed of.');
    if (direction === 'remote') return this.#remoteStreams.get(ssrc) ?? this.#newRemoteStream(ssrc);
    const known = this.#localStreams.get(ssrc);
    if (known !== undefined) return known;
    const { maxStreams, replayWindow, rtcpReplayWindow } = this.#options;
    // Forgetting one would let its key stream be used again.
    if (this.#localStreams.size >= maxStreams) {
      throw new SrtpError('SRTP_TOO_MANY_STREAMS', `The session has ${maxStreams} sending streams already.`);
    }
    const stream = new Stream(ssrc, replayWindow, rtcpReplayWindow);
    this.#localStreams.set(ssrc, stream);
    if (this.#remoteStreams.has(ssrc)) this.#counters.ssrcCollisions++;
    return stream;
  }

  #newRemoteStream(ssrc: number): Stream {
    const streams = this.#remoteStreams;
    const { maxStreams, replayWindow, rtcpReplayWindow } = this.#options;
    if (streams.size >= maxStreams) this.#forgetOne();
    const stream = new Stream(ssrc, replayWindow, rtcpReplayWindow);
    stream.lastUsed = ++this.#uses;
    streams.set(ssrc, stream);
    if (this.#localStreams.has(ssrc)) this.#counters.ssrcCollisions++;
    return stream;
  }

  #forgetOne(): void {
    let oldest: Stream | undefined;
    for (const stream of this.#remoteStreams.values()) {
      if (oldest === undefined || stream.lastUsed < oldest.lastUsed) oldest = stream;
    }
    if (oldest === undefined) return;
    oldest.dispose();
    this.#remoteStreams.delete(oldest.ssrc);
    if (this.#lastRemote === oldest) this.#lastRemote = undefined;
    this.#counters.streamsForgotten++;
  }

  /** The keys whose identifier stands at `at`. */
  #remoteKeys(buffer: Uint8Array, at: number): SessionKeys | undefined {
    if (this.#disposed) return undefined;
    const length = this.#remoteMki;
    if (length === 0) return this.#remote[0];
    for (const keys of this.#remote) {
      let i = 0;
      while (i < length && keys.mki[i] === buffer[at + i]) i++;
      if (i === length) return keys;
    }
    return undefined;
  }

  #applyHeader(keys: SessionKeys, ssrc: number, index: number, buffer: Uint8Array, start: number): void {
    const counter = this.#counter;
    counter.fill(0);
    counter.set(keys.headerSalt);
    writeU32(counter, 4, (readU32(counter, 4) ^ ssrc) >>> 0);
    xorIndex(counter, 8, index);
    keys.header?.apply(counter, buffer, start);
  }

  #makeNonce(mask: Uint8Array, index: number): void {
    const nonce = this.#nonce;
    for (let i = 0; i < 12; i++) nonce[i] = mask[i]!;
    xorIndex(nonce, 6, index);
  }

  #makeCounter(mask: Uint8Array, index: number): void {
    const counter = this.#counter;
    for (let i = 0; i < 16; i++) counter[i] = mask[i]!;
    xorIndex(counter, 8, index);
  }

  #sign({ mac }: PacketKeys, buffer: Uint8Array, start: number, end: number): void {
    if (mac?.signRange !== undefined) mac.signRange(this.#tag, buffer, start, end);
    else mac?.sign(this.#tag, buffer.subarray(start, end));
  }

  /** Puts the rollover counter behind the packet for as long as it takes: a tag, with an identifier or not, has 4 bytes at least. */
  #verifyRtp(keys: PacketKeys, index: number, buffer: Uint8Array, start: number, end: number, tagAt: number): boolean {
    const covered = readU32(buffer, end);
    writeU32(buffer, end, Math.floor(index / 65536));
    this.#sign(keys, buffer, start, end + 4);
    writeU32(buffer, end, covered);
    return this.#isTag(buffer, tagAt, this.profile.rtpTagLength);
  }

  #putTag(buffer: Uint8Array, at: number, length: number): number {
    const tag = this.#tag;
    for (let i = 0; i < length; i++) buffer[at + i] = tag[i]!;
    return at + length;
  }

  /** Compares with the tag just made, in constant time. */
  #isTag(buffer: Uint8Array, at: number, length: number): boolean {
    const tag = this.#tag;
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= tag[i]! ^ buffer[at + i]!;
    return difference === 0;
  }

  #malformed(): number {
    this.#counters.malformed++;
    return SRTP_MALFORMED;
  }

  #notAuthentic(): number {
    this.#counters.authenticationFailures++;
    return SRTP_NOT_AUTHENTIC;
  }

  #replay(): number {
    this.#counters.replays++;
    return SRTP_REPLAYED;
  }

  #unknownKey(): number {
    this.#counters.unknownKeys++;
    return SRTP_UNKNOWN_KEY;
  }

  #expired(): number {
    this.#counters.expired++;
    return SRTP_KEY_EXPIRED;
  }
}

/** XORs a 48-bit index onto 6 bytes. */
function xorIndex(out: Uint8Array, at: number, index: number): void {
  const low = index >>> 0;
  const high = (index - low) / 0x1_0000_0000;
  out[at]! ^= high >>> 8;
  out[at + 1]! ^= high & 0xff;
  out[at + 2]! ^= low >>> 24;
  out[at + 3]! ^= (low >>> 16) & 0xff;
  out[at + 4]! ^= (low >>> 8) & 0xff;
  out[at + 5]! ^= low & 0xff;
}

function putBytes(buffer: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i]!;
  return at + bytes.length;
}
