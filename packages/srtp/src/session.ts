import { readU16, readU32, writeU32 } from '@kaon/wire';
import { AssociatedData } from './associated-data.ts';
import { newCounters, type SrtpCounters } from './counters.ts';
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
import { PacketCrypto } from './packet-crypto.ts';
import type { SrtpProfile } from './profiles.ts';
import { SessionKeys } from './session-keys.ts';
import { estimateIndex, writeMask } from './stream.ts';
import { type SrtpDirection, Streams } from './streams.ts';

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
  /** Whether packets may go out again as they were; see `protectRtp`. */
  readonly canRepeat: boolean;
  readonly counters: Readonly<SrtpCounters>;
  readonly #options: ResolvedOptions;
  readonly #counters: SrtpCounters;
  readonly #local: SessionKeys;
  readonly #remote: readonly SessionKeys[];
  readonly #localMki: number;
  readonly #remoteMki: number;
  readonly #streams: Streams;
  #disposed = false;
  /** For streams that are not known, and for RTCP. */
  readonly #mask = new Uint8Array(16);
  readonly #packet = new PacketCrypto();
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
    // Header extensions change from one time to the next, so they must not be part of what is encrypted.
    this.canRepeat = profile.aead === undefined && !sendsCryptex && encryptedExtensions.length === 0;
    this.#counters = newCounters();
    this.counters = this.#counters;
    this.#streams = new Streams(resolved, this.#counters);
  }

  /**
   * Protects the RTP packet in `buffer[start, end)` in place and returns its new end, at most `overhead` further on. Throws
   * `SrtpError`: `SRTP_BAD_PACKET`, `SRTP_NO_ROOM`, `SRTP_INDEX_REUSED`, `SRTP_TOO_MANY_STREAMS`, `SRTP_KEY_EXHAUSTED`, `SRTP_DISPOSED`.
   *
   * `repeat` says that the packet was sent before with the same payload, as retransmission without RTX does (RFC 4585): it may then
   * use its index again, where `canRepeat` is true. With an AEAD a header that differs would give the authentication key away.
   */
  protectRtp(buffer: Uint8Array, start: number, end: number, repeat = false): number {
    const payload = this.#checkLocal(buffer, end, this.overhead, payloadOffset(buffer, start, end));
    const keys = this.#local;
    const stream = this.#streams.local(readU32(buffer, start + 8));
    const { window } = stream;
    const index = estimateIndex(window.newest, readU16(buffer, start + 2), stream.initialRollover);
    if (index > MOST_INDEX || keys.rtp.packets >= this.#options.rtpLifetime) {
      throw new SrtpError('SRTP_KEY_EXHAUSTED', 'The master key has served for all the RTP packets that it may.');
    }
    if (!(index >= 0 && (window.isNew(index) || (repeat && this.canRepeat)))) {
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
      this.#packet.makeNonce(stream.mask, index);
      const aad = this.#aad.copy(buffer, start, text, 0);
      textEnd = stream.aead.seal(this.#packet.nonce, aad, buffer, text, textEnd);
      if (hidden) scatter(buffer, start);
      textEnd = putBytes(buffer, textEnd, keys.mki);
    } else {
      if (stream.counterMode !== undefined) {
        this.#packet.makeCounter(stream.mask, index);
        stream.counterMode.apply(this.#packet.counter, buffer, text, textEnd);
      }
      if (hidden) scatter(buffer, start);
      this.#packet.signRtp(keys.rtp, index, buffer, start, textEnd);
      textEnd = putBytes(buffer, textEnd, keys.mki);
      textEnd = this.#packet.putTag(buffer, textEnd, this.profile.rtpTagLength);
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
    const stream = this.#streams.remote(ssrc);
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
      this.#packet.makeNonce(mask, index);
      textEnd = aead.open(
        this.#packet.nonce,
        this.#aad.copy(buffer, start, text, 0),
        buffer,
        text,
        end - this.#remoteMki,
      );
      if (hidden) scatter(buffer, start);
      if (textEnd < 0) return this.#notAuthentic();
    } else {
      this.#packet.signRtp(keys.rtp, index, buffer, start, textEnd);
      if (!this.#packet.isTag(buffer, end - tagLength, tagLength)) return this.#notAuthentic();
      if (counterMode !== undefined) {
        if (hidden) gather(buffer, start);
        this.#packet.makeCounter(mask, index);
        counterMode.apply(this.#packet.counter, buffer, text, textEnd);
        if (hidden) scatter(buffer, start);
      }
    }
    if (hidden) unmarkCryptex(buffer, start);
    else if (keys.header !== undefined) this.#applyHeader(keys, ssrc, index, buffer, start);
    const known = stream ?? this.#streams.newRemote(ssrc);
    if (known.keys !== keys) known.use(keys);
    this.#streams.touch(known);
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
    const stream = this.#streams.local(readU32(buffer, start + 4));
    const index = stream.rtcpIndex;
    if (index >= ENCRYPTED || rtcp.packets >= this.#options.rtcpLifetime) {
      throw new SrtpError('SRTP_KEY_EXHAUSTED', 'The master key has served for all the RTCP packets that it may.');
    }
    const text = start + RTCP_HEADER;
    let newEnd = end;
    const word = this.profile.encrypts ? ENCRYPTED + index : index;
    writeMask(this.#mask, rtcp, stream.ssrc);
    if (rtcp.aead !== undefined) {
      this.#packet.makeNonce(this.#mask, index);
      const aad = this.#aad.copy(buffer, start, text, RTCP_TRAILER);
      writeU32(aad, RTCP_HEADER, word);
      newEnd = rtcp.aead.seal(this.#packet.nonce, aad, buffer, text, newEnd);
      writeU32(buffer, newEnd, word);
      newEnd = putBytes(buffer, newEnd + RTCP_TRAILER, keys.mki);
    } else {
      if (rtcp.counterMode !== undefined) {
        this.#packet.makeCounter(this.#mask, index);
        rtcp.counterMode.apply(this.#packet.counter, buffer, text, newEnd);
      }
      writeU32(buffer, newEnd, word);
      newEnd += RTCP_TRAILER;
      this.#packet.sign(rtcp, buffer, start, newEnd);
      newEnd = putBytes(buffer, newEnd, keys.mki);
      newEnd = this.#packet.putTag(buffer, newEnd, this.profile.rtcpTagLength);
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
    const stream = this.#streams.remote(ssrc);
    if (stream !== undefined && !stream.rtcpWindow.isNew(index)) return this.#replay();
    if (rtcp.packets >= this.#options.rtcpLifetime) return this.#expired();
    writeMask(this.#mask, rtcp, ssrc);
    let newEnd = end - trailer;
    if (rtcp.aead !== undefined) {
      const text = isEncrypted ? start + RTCP_HEADER : newEnd;
      const aad = this.#aad.copy(buffer, start, text, RTCP_TRAILER);
      writeU32(aad, text - start, word);
      this.#packet.makeNonce(this.#mask, index);
      newEnd = rtcp.aead.open(this.#packet.nonce, aad, buffer, text, mkiAt - RTCP_TRAILER);
      if (newEnd < 0) return this.#notAuthentic();
    } else {
      this.#packet.sign(rtcp, buffer, start, mkiAt);
      if (!this.#packet.isTag(buffer, end - tagLength, tagLength)) return this.#notAuthentic();
      if (isEncrypted && rtcp.counterMode !== undefined) {
        this.#packet.makeCounter(this.#mask, index);
        rtcp.counterMode.apply(this.#packet.counter, buffer, start + RTCP_HEADER, newEnd);
      }
    }
    if (!isEncrypted) this.#counters.rtcpInTheClear++;
    const known = stream ?? this.#streams.newRemote(ssrc);
    this.#streams.touch(known);
    known.rtcpWindow.accept(index);
    rtcp.packets++;
    this.#counters.rtcpUnprotected++;
    return newEnd;
  }

  /** How often the sequence numbers of a stream went round (RFC 3711 §3.3.1); undefined for an unknown stream. */
  rolloverCounter(ssrc: number, direction: SrtpDirection): number | undefined {
    const stream = this.#streams.known(ssrc, direction);
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
    this.#checkOpen();
    const stream =
      direction === 'local' ? this.#streams.local(ssrc) : (this.#streams.remote(ssrc) ?? this.#streams.newRemote(ssrc));
    if (direction === 'local' && Math.floor(stream.window.newest / 65536) >= value) {
      throw new SrtpError('SRTP_INDEX_REUSED', `Stream ${ssrc} has sent under rollover counter ${value} already.`);
    }
    stream.window.reset();
    stream.initialRollover = value;
  }

  /** The index of the next SRTCP packet that a local stream sends (RFC 3711 §3.4); undefined for an unknown stream. */
  rtcpIndex(ssrc: number): number | undefined {
    return this.#streams.known(ssrc, 'local')?.rtcpIndex;
  }

  /** Sets that index, for a session that is taken over. Throws RangeError on one of more than 31 bits, or that was used. */
  setRtcpIndex(ssrc: number, value: number): void {
    this.#checkOpen();
    const stream = this.#streams.local(ssrc);
    if (!(Number.isInteger(value) && value >= stream.rtcpIndex && value < ENCRYPTED)) {
      throw new RangeError(`An SRTCP index has 31 bits and never goes back: ${value}`);
    }
    stream.rtcpIndex = value;
  }

  /**
   * A local stream ends, for now at least: its caches are given up. How far it came is remembered, so that nothing of it is sent
   * twice should it go on.
   */
  retire(ssrc: number): void {
    this.#streams.retire(ssrc);
  }

  /** How many streams have state, for statistics and tests. */
  streamCount(direction: SrtpDirection): number {
    return this.#streams.count(direction);
  }

  /** Gives up all keys. Afterwards packets cannot be protected (`SRTP_DISPOSED`), and all that come are dropped. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#streams.dispose();
    for (const keys of [this.#local, ...this.#remote]) keys.dispose();
  }

  #checkOpen(): void {
    if (this.#disposed) throw new SrtpError('SRTP_DISPOSED', 'The session was disposed of.');
  }

  #checkLocal(buffer: Uint8Array, end: number, room: number, payload: number): number {
    this.#checkOpen();
    if (payload < 0) throw new SrtpError('SRTP_BAD_PACKET', 'The bytes are no packet.');
    if (end + room > buffer.length) {
      throw new SrtpError('SRTP_NO_ROOM', `There are ${room} bytes needed behind the packet.`);
    }
    return payload;
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
    this.#packet.makeHeaderCounter(keys.headerSalt, ssrc, index);
    keys.header?.apply(this.#packet.counter, buffer, start);
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

function putBytes(buffer: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i]!;
  return at + bytes.length;
}
