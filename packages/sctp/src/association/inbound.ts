import type { Instant } from '@kaon/interface/core/v1';
import { isMalformed, readU16, readU32 } from '@kaon/wire';
import { decodeAbort, encodeAbort } from '../chunks/abort.ts';
import { CHUNK, CHUNK_HEADER_SIZE, padded } from '../chunks/chunk.ts';
import { decodeError, encodeError } from '../chunks/error.ts';
import { CAUSE, type Cause, textCause } from '../chunks/error-cause.ts';
import { decodeForwardTsn } from '../chunks/forward-tsn.ts';
import { isSackSound } from '../chunks/sack.ts';
import { decodeShutdown, encodeShutdownComplete } from '../chunks/shutdown.ts';
import { SctpError } from '../errors.ts';
import { verifyChecksum } from '../packet/crc32c.ts';
import { HEADER_SIZE } from '../packet/header.ts';
import * as rx from '../rx/receiver.ts';
import { UNSENT, VALID } from '../tx/acknowledgement.ts';
import type { Context } from './context.ts';
import type { Handshake } from './handshake.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { ReConfig } from './reconfig.ts';
import type { Shutdown } from './shutdown.ts';

/** Reads packets: checks the header (RFC 9260 §8.5) and hands each chunk to the part that it concerns. */
export class Inbound {
  readonly #context: Context;
  readonly #handshake: Handshake;
  readonly #shutdown: Shutdown;
  readonly #reConfig: ReConfig;
  readonly #heartbeat: Heartbeat;
  #generation = 0;
  packets = 0;
  bytes = 0;
  /** Packets thrown away as a whole. */
  dropped = 0;

  constructor(context: Context, handshake: Handshake, shutdown: Shutdown, reConfig: ReConfig, heartbeat: Heartbeat) {
    this.#context = context;
    this.#handshake = handshake;
    this.#shutdown = shutdown;
    this.#reConfig = reConfig;
    this.#heartbeat = heartbeat;
  }

  handlePacket(bytes: Uint8Array, now: Instant): void {
    const context = this.#context;
    this.packets++;
    this.bytes += bytes.length;
    if (bytes.length < HEADER_SIZE + CHUNK_HEADER_SIZE) {
      this.#drop('short');
      return;
    }
    if (readU16(bytes, 0) !== context.settings.remotePort || readU16(bytes, 2) !== context.settings.localPort) {
      this.#drop('port');
      return;
    }
    const type = bytes[HEADER_SIZE]!;
    if (!this.#isIntact(bytes, type)) {
      this.#drop('checksum');
      return;
    }
    const tag = readU32(bytes, 4);
    if (tag !== context.localTag || context.state === 'closed' || type === CHUNK.Init || type === CHUNK.CookieEcho) {
      if (!this.#isForUs(bytes, type, tag, now)) return;
    }
    this.#chunks(bytes, now);
    if (context.ended) return;
    context.receiver.endOfPacket(now);
  }

  #chunks(bytes: Uint8Array, now: Instant): void {
    const context = this.#context;
    const end = bytes.length;
    let at = HEADER_SIZE;
    while (at + CHUNK_HEADER_SIZE <= end && !context.ended) {
      const type = bytes[at]!;
      const length = readU16(bytes, at + 2);
      if (length < CHUNK_HEADER_SIZE || at + length > end) {
        context.trace('sctp:chunk-dropped', { chunk: type, reason: 'length' });
        return;
      }
      if (type === CHUNK.Data || type === CHUNK.IData) this.#data(bytes, at, type, length, now);
      else if (type === CHUNK.Sack) this.#sack(bytes, at, length, now);
      else if (!this.#cold(bytes.subarray(at, at + length), type, now)) return;
      at += padded(length);
    }
  }

  #data(bytes: Uint8Array, at: number, type: number, length: number, now: Instant): void {
    const context = this.#context;
    // The peer has taken our cookie, and its COOKIE ACK is late or lost.
    if (context.state === 'cookie-echoed') this.#cookieAck(now);
    const state = context.state;
    if (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent') return;
    if ((type === CHUNK.IData) !== context.features.interleaving) {
      this.#violation('The peer sent the kind of DATA chunk that was not agreed on.');
      return;
    }
    const verdict = context.receiver.data(bytes, at, length);
    if (verdict === rx.ACCEPTED) {
      this.#reConfig.dataReceived();
      if (state === 'shutdown-sent') this.#shutdown.dataReceived(now);
      return;
    }
    this.#refused(verdict, bytes, at, now);
  }

  #refused(verdict: number, bytes: Uint8Array, at: number, now: Instant): void {
    const context = this.#context;
    switch (verdict) {
      case rx.IGNORED:
        if (context.state === 'shutdown-sent') this.#shutdown.dataReceived(now);
        break;
      case rx.BAD_STREAM:
        // RFC 9260 §6.5: said in an ERROR, and acknowledged all the same.
        context.sendError({ code: CAUSE.InvalidStream, value: Uint8Array.of(bytes[at + 8]!, bytes[at + 9]!, 0, 0) });
        break;
      case rx.NO_USER_DATA:
        context.abort(
          { code: CAUSE.NoUserData, value: bytes.slice(at + 4, at + 8) },
          new SctpError('SCTP_PROTOCOL_VIOLATION', 'The peer sent a DATA chunk without data.', CAUSE.NoUserData),
        );
        break;
      case rx.MESSAGE_TOO_LARGE:
        this.#violation('The peer sent a message above the limit.');
        break;
      case rx.CONTRADICTION:
        this.#violation('The peer sent fragments that contradict each other.');
        break;
      case rx.OUT_OF_RESOURCE:
        context.abort(
          { code: CAUSE.OutOfResource, value: new Uint8Array(0) },
          new SctpError('SCTP_OUT_OF_RESOURCE', 'The peer left too many messages incomplete.', CAUSE.OutOfResource),
        );
        break;
    }
  }

  #sack(bytes: Uint8Array, at: number, length: number, now: Instant): void {
    const context = this.#context;
    if (!isSackSound(bytes, at, length)) {
      context.trace('sctp:chunk-dropped', { chunk: CHUNK.Sack, reason: 'malformed' });
      return;
    }
    if (context.state === 'cookie-echoed') this.#cookieAck(now);
    const state = context.state;
    if (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-received') return;
    this.#acknowledged(context.sender.handleSack(bytes, at, readU32(bytes, at + 8), now), now);
  }

  #acknowledged(verdict: number, now: Instant): void {
    const context = this.#context;
    if (verdict === UNSENT) context.trace('sctp:chunk-dropped', { chunk: CHUNK.Sack, reason: 'unsent TSN' });
    if (verdict !== VALID) return;
    context.errors = 0;
    context.pathMtu.acknowledged(context.sender.outstanding.cumulative, context.sender.fastRetransmits, now);
    if (context.state !== 'established') this.#shutdown.advance(now);
    this.#reConfig.advance(now);
  }

  /** Chunks other than DATA and SACK. Answers whether to read on in the packet. */
  #cold(chunk: Uint8Array, type: number, now: Instant): boolean {
    const context = this.#context;
    switch (type) {
      case CHUNK.InitAck:
        this.#handshake.handleInitAck(chunk, now);
        return true;
      case CHUNK.Heartbeat:
        if (context.state !== 'cookie-wait') this.#heartbeat.handleHeartbeat(chunk);
        return true;
      case CHUNK.HeartbeatAck:
        this.#heartbeat.handleHeartbeatAck(chunk, now);
        return true;
      case CHUNK.Pad:
        return true;
      case CHUNK.Abort:
        this.#aborted(chunk);
        return false;
      case CHUNK.Shutdown:
        this.#shutdownChunk(chunk, now);
        return true;
      case CHUNK.ShutdownAck:
        this.#shutdown.handleShutdownAck();
        return true;
      case CHUNK.ShutdownComplete:
        this.#shutdown.handleShutdownComplete();
        return true;
      case CHUNK.Error:
        this.#error(chunk, now);
        return true;
      case CHUNK.CookieAck:
        this.#cookieAck(now);
        return true;
      case CHUNK.ReConfig:
        if (isOpen(context)) this.#reConfig.handleReConfig(chunk, now);
        return true;
      case CHUNK.ForwardTsn:
      case CHUNK.IForwardTsn:
        this.#forwardTsn(chunk, type, now);
        return true;
      case CHUNK.Init:
      case CHUNK.CookieEcho:
        // Only the first chunk of a packet may be one of these; that was read already.
        return type === CHUNK.CookieEcho;
      default:
        return this.#unknown(chunk, type);
    }
  }

  #forwardTsn(chunk: Uint8Array, type: number, now: Instant): void {
    const context = this.#context;
    const state = context.state;
    if (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent') return;
    if ((type === CHUNK.IForwardTsn) !== context.features.interleaving) {
      this.#violation('The peer sent the kind of FORWARD TSN chunk that was not agreed on.');
      return;
    }
    const forward = decodeForwardTsn(chunk);
    if (isMalformed(forward)) {
      context.trace('sctp:chunk-dropped', { chunk: type, reason: 'malformed' });
      return;
    }
    context.receiver.forwardTsn(forward);
    this.#reConfig.dataReceived();
    if (state === 'shutdown-sent') this.#shutdown.dataReceived(now);
  }

  #shutdownChunk(chunk: Uint8Array, now: Instant): void {
    const context = this.#context;
    if (!isOpen(context)) return;
    const cumulative = decodeShutdown(chunk);
    if (isMalformed(cumulative)) {
      context.trace('sctp:chunk-dropped', { chunk: CHUNK.Shutdown, reason: 'malformed' });
      return;
    }
    this.#acknowledged(context.sender.handleCumulative(cumulative, now), now);
    this.#shutdown.handleShutdown(now);
  }

  #error(chunk: Uint8Array, now: Instant): void {
    const causes = decodeError(chunk);
    if (isMalformed(causes)) {
      this.#context.trace('sctp:chunk-dropped', { chunk: CHUNK.Error, reason: 'malformed' });
      return;
    }
    this.#context.trace('sctp:peer-error', { causes: causes.map((cause) => cause.code) });
    if (causes.some((cause) => cause.code === CAUSE.StaleCookie)) this.#handshake.handleStaleCookie(now);
  }

  #aborted(chunk: Uint8Array): void {
    const abort = decodeAbort(chunk);
    const cause: Cause | undefined = isMalformed(abort) ? undefined : abort.causes[0];
    // Nobody is left to answer.
    this.#context.control.clear();
    const text = cause === undefined ? 'The peer aborted the association.' : describe(cause);
    this.#context.end(new SctpError('SCTP_PEER_ABORTED', text, cause?.code));
  }

  /** RFC 9260 §3.2: the two highest bits of an unknown chunk type say what to do with it. */
  #unknown(chunk: Uint8Array, type: number): boolean {
    const context = this.#context;
    context.trace('sctp:chunk-dropped', { chunk: type, reason: 'unknown' });
    if ((type & 0x40) !== 0 && context.peerTag !== 0) {
      context.send(encodeError([{ code: CAUSE.UnrecognizedChunk, value: chunk.slice(0, MAX_ECHOED) }]));
    }
    return (type & 0x80) !== 0;
  }

  /**
   * Packets that do not simply carry our tag: INIT, COOKIE ECHO, reflected tags, and those out of the blue
   * (RFC 9260 §8.4, §8.5.1). Answers whether the packet's chunks are to be read.
   */
  #isForUs(bytes: Uint8Array, type: number, tag: number, now: Instant): boolean {
    const context = this.#context;
    const length = readU16(bytes, HEADER_SIZE + 2);
    if (length < CHUNK_HEADER_SIZE || HEADER_SIZE + length > bytes.length) {
      this.#drop('length');
      return false;
    }
    const chunk = bytes.subarray(HEADER_SIZE, HEADER_SIZE + length);
    if (type === CHUNK.Init) {
      if (tag !== 0 || HEADER_SIZE + padded(length) < bytes.length) this.#drop('init');
      else this.#handshake.handleInit(chunk, now);
      return false;
    }
    if (type === CHUNK.CookieEcho) {
      this.#handshake.handleCookieEcho(chunk.subarray(CHUNK_HEADER_SIZE), tag, now);
      this.#noticeStart(now);
      // DATA may follow in the same packet.
      return context.state !== 'closed' && tag === context.localTag;
    }
    const reflected = (bytes[HEADER_SIZE + 1]! & 1) === 1 && context.peerTag !== 0 && tag === context.peerTag;
    if (context.state === 'closed') {
      this.#outOfTheBlue(type, tag);
      return false;
    }
    if (reflected && (type === CHUNK.Abort || type === CHUNK.ShutdownComplete)) return true;
    if (type === CHUNK.ShutdownAck && (context.state === 'cookie-wait' || context.state === 'cookie-echoed')) {
      // RFC 9260 §8.5.1 E: the peer is still ending an association of which we know nothing.
      context.control.push(encodeShutdownComplete(true), tag, true);
      return false;
    }
    this.#drop('tag');
    return false;
  }

  #outOfTheBlue(type: number, tag: number): void {
    const context = this.#context;
    context.trace('sctp:packet-dropped', { reason: 'out of the blue', chunk: type });
    this.dropped++;
    switch (type) {
      case CHUNK.Abort:
      case CHUNK.ShutdownComplete:
      case CHUNK.CookieAck:
      case CHUNK.Error:
      case CHUNK.InitAck:
        return;
      case CHUNK.ShutdownAck:
        context.control.push(encodeShutdownComplete(true), tag, true);
        return;
      default:
        context.control.push(encodeAbort({ reflected: true, causes: [] }), tag, true);
    }
  }

  #cookieAck(now: Instant): void {
    this.#handshake.handleCookieAck(now);
    this.#noticeStart(now);
  }

  /** Starts the parts that run only on an established association, if one has just come up. */
  #noticeStart(now: Instant): void {
    if (this.#context.generation === this.#generation) return;
    this.#generation = this.#context.generation;
    this.#heartbeat.start(now);
    this.#context.pathMtu.start(this.#context.features.padding);
    this.#reConfig.establish(now);
    this.#shutdown.stop();
  }

  #violation(text: string): void {
    const error = new SctpError('SCTP_PROTOCOL_VIOLATION', text, CAUSE.ProtocolViolation);
    this.#context.abort(textCause(CAUSE.ProtocolViolation, text), error);
  }

  /** CRC-32C, or zero where that was offered (RFC 9653 §5.3); INIT always has its CRC. */
  #isIntact(bytes: Uint8Array, type: number): boolean {
    const zero = bytes[8] === 0 && bytes[9] === 0 && bytes[10] === 0 && bytes[11] === 0;
    if (zero && this.#context.settings.zeroChecksum && type !== CHUNK.Init) return true;
    return verifyChecksum(bytes);
  }

  #drop(reason: string): void {
    this.dropped++;
    this.#context.trace('sctp:packet-dropped', { reason });
  }
}

/** Most bytes of an unknown chunk that an ERROR carries back. */
const MAX_ECHOED = 128;

function isOpen(context: Context): boolean {
  return context.state !== 'closed' && context.state !== 'cookie-wait' && context.state !== 'cookie-echoed';
}

function describe(cause: Cause): string {
  const isText = cause.code === CAUSE.UserInitiatedAbort || cause.code === CAUSE.ProtocolViolation;
  let text = '';
  // ASCII is enough for a sentence in an error; the rest would need trust.
  if (isText)
    for (const byte of cause.value.subarray(0, 200)) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '?';
  return `The peer aborted the association (cause ${cause.code})${text === '' ? '.' : `: ${text}`}`;
}
