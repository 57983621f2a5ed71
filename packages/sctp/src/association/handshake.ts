import type { Instant } from '@kaon/interface/core/v1';
import { isMalformed, Writer } from '@kaon/wire';
import { encodeAbort } from '../chunks/abort.ts';
import { encodeCookieAck, encodeCookieEcho } from '../chunks/cookie.ts';
import { encodeError } from '../chunks/error.ts';
import { CAUSE, type Cause, textCause, unrecognizedParameters } from '../chunks/error-cause.ts';
import { decodeInit, encodeInit, type Init } from '../chunks/init.ts';
import { PARAMETER, type Parameter, parameterValue, writeParameters } from '../chunks/parameter.ts';
import { encodeShutdownAck } from '../chunks/shutdown.ts';
import { SctpError } from '../errors.ts';
import type { Context, PeerTerms } from './context.ts';
import { CookieJar, type CookieState } from './cookie.ts';
import { agree, offer } from './features.ts';

/**
 * Setting up and restarting an association: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260 §5), also when both
 * sides begin at once (§5.2.1, §5.2.4 case D) and when the peer starts over (§5.2.4 case A).
 */
export class Handshake {
  readonly #context: Context;
  readonly #jar: CookieJar;
  /** When T1-init or T1-cookie runs out. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  #timeout: number;
  #retransmissions = 0;
  /** Our INIT as it was queued last. */
  #init: Uint8Array | undefined = undefined;
  /** When INIT or COOKIE ECHO left for the first time. */
  #sentAt: Instant = 0;
  #cookie: Uint8Array = new Uint8Array(0);
  /** What the INIT ACK said, until the COOKIE ACK. */
  #terms: PeerTerms | undefined = undefined;
  /** Parameters of the INIT ACK that we did not know and that ask to be told so. */
  #complaint: Cause | undefined = undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#jar = new CookieJar(context.settings);
    this.#timeout = context.settings.rtoInitial;
  }

  /** Sends INIT. Does nothing when the handshake has begun. */
  start(now: Instant): void {
    if (this.#context.state !== 'closed') return;
    this.#context.state = 'cookie-wait';
    this.#sendInit();
    this.#startTimer(now);
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    const context = this.#context;
    context.trace('sctp:timeout', { timer: context.state });
    if (++this.#retransmissions > context.settings.maxInitRetransmits) {
      this.stop();
      context.end(new SctpError('SCTP_HANDSHAKE_FAILED', 'The peer did not answer the SCTP handshake.'));
      return;
    }
    this.#timeout = Math.min(this.#timeout * 2, context.settings.rtoMax);
    this.deadline = now + this.#timeout;
    if (context.state === 'cookie-wait') this.#sendInit();
    else this.#sendCookieEcho();
  }

  /** An INIT chunk (RFC 9260 §5.1 B, §5.2.1, §5.2.2). */
  handleInit(chunk: Uint8Array, now: Instant): void {
    const context = this.#context;
    const init = decodeInit(chunk);
    if (isMalformed(init) || init.initiateTag === 0) {
      context.trace('sctp:chunk-dropped', { chunk: 1, reason: 'malformed' });
      return;
    }
    if (init.outboundStreams === 0 || init.inboundStreams === 0) {
      const causes = [textCause(CAUSE.InvalidParameter, '')];
      context.control.push(encodeAbort({ reflected: false, causes }), init.initiateTag, true);
      return;
    }
    if (context.state === 'shutdown-ack-sent') {
      // RFC 9260 §9.2: the peer missed our SHUTDOWN ACK.
      context.send(encodeShutdownAck());
      return;
    }
    const opening = context.state === 'cookie-wait' || context.state === 'cookie-echoed';
    const existing = !opening && context.state !== 'closed';
    // While opening, the answer repeats our own INIT, so that both handshakes meet in one association (§5.2.1).
    // A possible restart gets fresh numbers, and nothing changes before its cookie comes back (§5.2.2).
    const localTag = existing ? context.randomTag() : context.localTag;
    const localTsn = existing ? context.randomU32() : context.localTsn;
    const terms = this.#termsOf(init);
    const cookie = this.#jar.seal(
      {
        localTag,
        peerTag: init.initiateTag,
        localTsn,
        peerTsn: init.initialTsn,
        peerWindow: init.receiverWindow,
        outboundStreams: terms.outboundStreams,
        inboundStreams: terms.inboundStreams,
        ...terms.features,
        tieLocalTag: existing || context.state === 'cookie-echoed' ? context.localTag : 0,
        tiePeerTag: existing || context.state === 'cookie-echoed' ? context.peerTag : 0,
      },
      now,
    );
    const parameters: Parameter[] = [...offer(context.settings), { type: PARAMETER.StateCookie, value: cookie }];
    let echoed = 0;
    for (const parameter of unknownToReport(init.parameters)) {
      // What the peer sent comes back to it; not without bounds.
      echoed += parameter.value.length + 8;
      if (echoed > MAX_ECHOED) break;
      const writer = new Writer(16);
      writeParameters(writer, [parameter]);
      parameters.push({ type: PARAMETER.UnrecognizedParameter, value: writer.finish() });
    }
    const ack = encodeInit({
      type: 'init-ack',
      initiateTag: localTag,
      receiverWindow: context.settings.receiveWindow,
      outboundStreams: context.settings.outboundStreams,
      inboundStreams: context.settings.inboundStreams,
      initialTsn: localTsn,
      parameters,
    });
    // Both begin at once, and our INIT has not left yet: the answer does instead of it. Should the peer's COOKIE ECHO not come, our
    // INIT follows by its timer, as if it had been lost.
    if (context.state === 'cookie-wait' && this.#retransmissions === 0) context.control.withdraw(this.#init);
    context.control.push(ack, init.initiateTag, true);
  }

  /** An INIT ACK chunk (RFC 9260 §5.1 C); in other states than COOKIE-WAIT it is late (§5.2.3). */
  handleInitAck(chunk: Uint8Array, now: Instant): void {
    const context = this.#context;
    if (context.state !== 'cookie-wait') return;
    const ack = decodeInit(chunk);
    if (isMalformed(ack)) {
      context.trace('sctp:chunk-dropped', { chunk: 2, reason: 'malformed' });
      return;
    }
    const cookie = parameterValue(ack.parameters, PARAMETER.StateCookie);
    if (ack.initiateTag === 0 || ack.outboundStreams === 0 || ack.inboundStreams === 0 || cookie === undefined) {
      context.peerTag = ack.initiateTag;
      this.stop();
      const code = cookie === undefined ? CAUSE.MissingParameter : CAUSE.InvalidParameter;
      context.abort(
        cookie === undefined ? missingCookie() : textCause(code, ''),
        new SctpError('SCTP_PROTOCOL_VIOLATION', "The peer's INIT ACK is not usable.", code),
      );
      return;
    }
    this.#measure(now);
    this.#terms = this.#termsOf(ack);
    const unknown = unknownToReport(ack.parameters);
    this.#complaint = unknown.length === 0 ? undefined : unrecognizedParameters(unknown.slice(0, 4));
    context.peerTag = ack.initiateTag;
    context.state = 'cookie-echoed';
    this.#cookie = cookie;
    this.#sendCookieEcho();
    this.#startTimer(now);
  }

  /** The cookie of a COOKIE ECHO chunk (RFC 9260 §5.1 D, §5.1.5, §5.2.4). `tag` is the packet's. */
  handleCookieEcho(cookie: Uint8Array, tag: number, now: Instant): void {
    const context = this.#context;
    const opened = this.#jar.open(cookie, now);
    if (isMalformed(opened) || opened.state.localTag !== tag) {
      context.trace('sctp:chunk-dropped', { chunk: 10, reason: 'cookie' });
      return;
    }
    const state = opened.state;
    const sameLocal = state.localTag === context.localTag;
    const samePeer = state.peerTag === context.peerTag;
    const staleness = opened.age - context.settings.cookieLifetime;
    if (staleness > 0 && !(sameLocal && samePeer)) {
      const microseconds = new Writer(4).u32(Math.min(Math.ceil(staleness * 1000), 0xffffffff)).finish();
      const stale = encodeError([{ code: CAUSE.StaleCookie, value: microseconds }]);
      context.control.push(stale, state.peerTag, true);
      return;
    }
    // From our INIT ACK to here a round trip has passed.
    if (context.sender.rto.measurements === 0) context.sender.rto.measured(opened.age);
    if (context.state === 'closed') {
      context.localTag = state.localTag;
      this.#accept(state);
    } else if (sameLocal && samePeer) {
      // Case D: our own handshake came through from the other side, or the COOKIE ACK was lost.
      if (context.state === 'cookie-wait' || context.state === 'cookie-echoed') this.#accept(state);
      else context.send(encodeCookieAck());
    } else if (sameLocal) {
      // Case B: both began at once, and the peer's INIT came before its answer to ours.
      if (context.state === 'cookie-wait' || context.state === 'cookie-echoed') this.#accept(state);
    } else if (!samePeer && state.tieLocalTag === context.localTag && state.tiePeerTag === context.peerTag) {
      this.#restart(state);
    }
    // Anything else is case C or a cookie from the past: dropped.
  }

  /** COOKIE ACK, or anything else that shows the peer took our cookie. */
  handleCookieAck(now: Instant): void {
    if (this.#context.state !== 'cookie-echoed' || this.#terms === undefined) return;
    this.#measure(now);
    const terms = this.#terms;
    this.stop();
    this.#context.establish(this.#context.localTsn, terms);
  }

  /** The peer found our cookie too old (RFC 9260 §5.2.6): begin again. */
  handleStaleCookie(now: Instant): void {
    if (this.#context.state !== 'cookie-echoed') return;
    this.#context.state = 'cookie-wait';
    this.#context.peerTag = 0;
    this.#sendInit();
    this.#startTimer(now);
  }

  stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.#terms = undefined;
  }

  #accept(state: CookieState): void {
    this.stop();
    this.#context.establish(state.localTsn, termsOfCookie(state));
    this.#context.send(encodeCookieAck());
  }

  #restart(state: CookieState): void {
    const context = this.#context;
    if (context.state === 'shutdown-ack-sent') {
      context.send(encodeShutdownAck());
      context.sendError(textCause(CAUSE.CookieInShutdown, ''));
      return;
    }
    this.stop();
    context.trace('sctp:restarted');
    context.control.clear();
    context.localTag = state.localTag;
    context.sender.queue.restart();
    context.establish(state.localTsn, termsOfCookie(state));
    context.send(encodeCookieAck());
  }

  #termsOf(init: Init): PeerTerms {
    const settings = this.#context.settings;
    return {
      tag: init.initiateTag,
      initialTsn: init.initialTsn,
      window: init.receiverWindow,
      outboundStreams: Math.min(settings.outboundStreams, init.inboundStreams),
      inboundStreams: Math.min(settings.inboundStreams, init.outboundStreams),
      features: agree(settings, init.parameters),
    };
  }

  #sendInit(): void {
    const context = this.#context;
    const init = encodeInit({
      type: 'init',
      initiateTag: context.localTag,
      receiverWindow: context.settings.receiveWindow,
      outboundStreams: context.settings.outboundStreams,
      inboundStreams: context.settings.inboundStreams,
      initialTsn: context.localTsn,
      parameters: offer(context.settings),
    });
    this.#init = init;
    context.control.push(init, 0, true);
  }

  #sendCookieEcho(): void {
    this.#context.control.push(encodeCookieEcho(this.#cookie), this.#context.peerTag, true);
    if (this.#complaint !== undefined) this.#context.sendError(this.#complaint);
  }

  /** A backoff of INIT stays with COOKIE ECHO: the path may simply be that slow. */
  #startTimer(now: Instant): void {
    this.#retransmissions = 0;
    this.#sentAt = now;
    this.deadline = now + this.#timeout;
  }

  /** The first round-trip time, so that the first data has a timeout that fits; never of something repeated (Karn). */
  #measure(now: Instant): void {
    if (this.#retransmissions === 0) this.#context.sender.rto.measured(now - this.#sentAt);
  }
}

/** Most bytes of unknown parameters that an INIT ACK carries back. */
const MAX_ECHOED = 256;

function termsOfCookie(state: CookieState): PeerTerms {
  return {
    tag: state.peerTag,
    initialTsn: state.peerTsn,
    window: state.peerWindow,
    outboundStreams: state.outboundStreams,
    inboundStreams: state.inboundStreams,
    features: {
      forwardTsn: state.forwardTsn,
      reConfig: state.reConfig,
      interleaving: state.interleaving,
      zeroChecksum: state.zeroChecksum,
      padding: state.padding,
    },
  };
}

/** The cause that names the parameter we miss (RFC 9260 §3.3.10.2). */
function missingCookie(): Cause {
  return { code: CAUSE.MissingParameter, value: new Writer(6).u32(1).u16(PARAMETER.StateCookie).finish() };
}

/**
 * Unknown parameters that the highest two bits of their type ask to be reported (RFC 9260 §3.2.1): 01 and 11. With 00
 * and 01 nothing behind them is read.
 */
function unknownToReport(parameters: readonly Parameter[]): Parameter[] {
  const report: Parameter[] = [];
  for (const parameter of parameters) {
    if (KNOWN.has(parameter.type)) continue;
    if (parameter.type & 0x4000) report.push(parameter);
    if ((parameter.type & 0x8000) === 0) break;
  }
  return report;
}

/** Those we use, and those of RFC 9260, 4895, 5061 and 6458 that have no meaning here: addresses, authentication. */
const KNOWN: ReadonlySet<number> = new Set([
  5, 6, 7, 8, 9, 11, 12, 0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0x8008, 0xc000, 0xc006,
]);
