import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import type { MessageStreams, StreamsEvent, WriteOptions } from '@kaon/interface/message-streams/v1';
import { type AssociationState, Context } from './association/context.ts';
import { Handshake } from './association/handshake.ts';
import { Heartbeat } from './association/heartbeat.ts';
import { Inbound } from './association/inbound.ts';
import { Packer } from './association/packer.ts';
import { ReConfig } from './association/reconfig.ts';
import { Shutdown } from './association/shutdown.ts';
import { CAUSE, textCause } from './chunks/error-cause.ts';
import { SctpError } from './errors.ts';
import { type AssociationOptions, settle } from './options.ts';
import { HEADER_SIZE } from './packet/header.ts';
import type { AssociationStats } from './stats.ts';

/**
 * An SCTP association (RFC 9260) over one path, with the extensions of data channels: partial reliability (RFC 3758),
 * stream reset (RFC 6525), interleaving (RFC 8260) and zero checksum (RFC 9653).
 *
 * A sans-I/O core: `handlePacket` and `handleTimeout` bring input, `pollTransmit`, `pollEvent` and `pollTimeout` take
 * output. Poll until there is nothing more after every input and command; a SACK leaves with the next poll, so polling
 * once for many packets sends one SACK for all of them. What is not polled counts against the receive window: a slow
 * consumer slows the sender down and loses nothing.
 */
export class Association implements MessageStreams {
  readonly interface = 'kaon:message-streams/1';
  readonly #context: Context;
  readonly #handshake: Handshake;
  readonly #shutdown: Shutdown;
  readonly #reConfig: ReConfig;
  readonly #heartbeat: Heartbeat;
  readonly #inbound: Inbound;
  readonly #packer: Packer;
  #messagesSent = 0;
  #messagesReceived = 0;

  /** Throws SctpError `SCTP_BAD_OPTION` on an option out of range. */
  constructor(options: AssociationOptions) {
    const context = new Context(settle(options));
    this.#context = context;
    this.#handshake = new Handshake(context);
    this.#shutdown = new Shutdown(context);
    this.#reConfig = new ReConfig(context);
    this.#heartbeat = new Heartbeat(context);
    this.#inbound = new Inbound(context, this.#handshake, this.#shutdown, this.#reConfig, this.#heartbeat);
    this.#packer = new Packer(context);
  }

  get state(): AssociationState {
    return this.#context.state;
  }

  /** Begins the handshake (RFC 9260 §5.1). Both sides may: they meet in one association. Idempotent. */
  connect(now: Instant): void {
    if (!this.#context.ended) this.#handshake.start(this.#tick(now));
  }

  handlePacket(bytes: Uint8Array, now: Instant): void {
    if (this.#context.ended) return;
    this.#inbound.handlePacket(bytes, this.#tick(now));
    if (this.#context.ended) this.#stop();
  }

  handleTimeout(now: Instant): void {
    const context = this.#context;
    if (context.ended) return;
    const time = this.#tick(now);
    this.#handshake.handleTimeout(time);
    if (!context.ended && context.sender.handleTimeout(time)) {
      context.trace('sctp:timeout', { timer: 'T3-rtx' });
      context.pathMtu.timedOut(time);
      context.countError(context.settings.maxRetransmissions, unreachable);
    }
    if (!context.ended) context.receiver.handleTimeout(time);
    if (!context.ended) this.#shutdown.handleTimeout(time);
    if (!context.ended) this.#reConfig.handleTimeout(time);
    if (!context.ended) this.#heartbeat.handleTimeout(time);
    if (!context.ended) context.pathMtu.handleTimeout(time);
    if (context.ended) this.#stop();
  }

  pollTimeout(): Instant {
    const context = this.#context;
    if (context.ended) return Number.POSITIVE_INFINITY;
    let next = this.#handshake.deadline;
    const sending = context.sender.deadline;
    if (sending < next) next = sending;
    if (context.receiver.deadline < next) next = context.receiver.deadline;
    if (this.#shutdown.deadline < next) next = this.#shutdown.deadline;
    if (this.#reConfig.deadline < next) next = this.#reConfig.deadline;
    if (this.#heartbeat.deadline < next) next = this.#heartbeat.deadline;
    if (context.pathMtu.deadline < next) next = context.pathMtu.deadline;
    return next;
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    return this.#packer.write(slot, this.#tick(now));
  }

  pollEvent(): StreamsEvent | undefined {
    const event = this.#context.events.shift();
    if (event !== undefined && event.type === 'message') {
      this.#messagesReceived++;
      this.#context.receiver.polled();
    }
    return event;
  }

  /**
   * Queues one message; see `MessageStreams.write`. May be called before `connect`. Throws SctpError
   * `SCTP_BAD_STREAM`, `SCTP_EMPTY_MESSAGE`, `SCTP_MESSAGE_TOO_LARGE`, `SCTP_BAD_ARGUMENT`, or `SCTP_CLOSING` after
   * `shutdown` from either side. After the end it takes nothing and returns false.
   */
  write(stream: number, ppid: number, data: Uint8Array, now: Instant, options?: WriteOptions): boolean {
    const context = this.#context;
    if (context.ended) return false;
    this.#checkStream(stream);
    if (data.length === 0) throw new SctpError('SCTP_EMPTY_MESSAGE', 'SCTP cannot carry an empty message.');
    if (data.length > context.settings.maxMessageSize) {
      const text = `A message of ${data.length} bytes is above the limit of ${context.settings.maxMessageSize}.`;
      throw new SctpError('SCTP_MESSAGE_TOO_LARGE', text);
    }
    if (options !== undefined) checkOptions(options);
    const state = context.state;
    if (state !== 'established' && state !== 'closed' && state !== 'cookie-wait' && state !== 'cookie-echoed') {
      throw new SctpError('SCTP_CLOSING', 'The association is ending.');
    }
    const taken = context.sender.queue.write(stream, ppid >>> 0, data, this.#tick(now), options);
    if (taken) this.#messagesSent++;
    return taken;
  }

  bufferedAmount(stream: number): number {
    return this.#context.sender.queue.bufferedAmount(stream);
  }

  /** Throws SctpError `SCTP_BAD_STREAM`, or `SCTP_BAD_ARGUMENT` on a negative number. */
  setBufferedAmountLowThreshold(stream: number, bytes: number): void {
    this.#checkStream(stream);
    if (!(bytes >= 0)) throw new SctpError('SCTP_BAD_ARGUMENT', `${bytes} is no number of bytes.`);
    this.#context.sender.queue.stream(stream).lowThreshold = bytes;
  }

  /**
   * Sets the stream's weight: of two busy streams the one with twice the priority sends twice the bytes
   * (RFC 8260 §3.6). Throws SctpError `SCTP_BAD_STREAM`, or `SCTP_BAD_ARGUMENT` unless it is from 1 to 65535.
   */
  setPriority(stream: number, priority: number): void {
    this.#checkStream(stream);
    if (!(priority >= 1 && priority <= 65535)) {
      throw new SctpError('SCTP_BAD_ARGUMENT', `A priority is from 1 to 65535, not ${priority}.`);
    }
    this.#context.sender.queue.stream(stream).priority = priority;
  }

  /** See `MessageStreams.resetStreams`. What is written meanwhile leaves after the reset. Throws `SCTP_BAD_STREAM`. */
  resetStreams(streams: readonly number[], now: Instant): void {
    if (this.#context.ended) return;
    for (const stream of streams) this.#checkStream(stream);
    this.#reConfig.reset(streams, this.#tick(now));
  }

  /**
   * The packets' path is another one, or more is known of it: packets begin again at `pathMtu.min`, and from there up to
   * `bytes` is probed, `pathMtu.max` at most (RFC 8899). Does nothing where `pathMtu.search` is off. Throws SctpError
   * `SCTP_BAD_ARGUMENT` on a negative number.
   */
  setPathMtuLimit(bytes: number, now: Instant): void {
    if (!(bytes >= 0)) throw new SctpError('SCTP_BAD_ARGUMENT', `${bytes} is no number of bytes.`);
    this.#tick(now);
    this.#context.pathMtu.setLimit(bytes);
  }

  /** Ends in order once all is delivered; `closed` follows. Before the handshake is through it ends at once. */
  shutdown(now: Instant): void {
    if (this.#context.ended) return;
    this.#shutdown.start(this.#tick(now));
    if (this.#context.ended) this.#stop();
  }

  /** Ends at once: `failed` with `SCTP_ABORTED` follows, and the peer gets an ABORT with the reason. */
  abort(now: Instant, reason?: string): void {
    if (this.#context.ended) return;
    this.#tick(now);
    const text = reason ?? '';
    const error = new SctpError('SCTP_ABORTED', text || 'The association was aborted.', CAUSE.UserInitiatedAbort);
    // The reason must fit one packet.
    this.#context.abort(textCause(CAUSE.UserInitiatedAbort, text.slice(0, 60)), error);
    this.#stop();
  }

  stats(): AssociationStats {
    const { sender, receiver, pathMtu, features, outboundStreams, inboundStreams } = this.#context;
    const measured = sender.rto.measurements > 0;
    return {
      congestionWindow: sender.congestion.window,
      slowStartThreshold: sender.congestion.slowStartThreshold,
      peerReceiverWindow: sender.peerWindow,
      receiverWindow: receiver.window,
      smoothedRoundTripTime: sender.rto.smoothed,
      latestRoundTripTime: measured ? sender.rto.latest : undefined,
      totalRoundTripTime: sender.rto.total,
      roundTripTimeMeasurements: sender.rto.measurements,
      rto: sender.rto.value,
      mtu: sender.congestion.mtu + HEADER_SIZE,
      pathMtu: pathMtu.size,
      pathMtuState: pathMtu.state,
      pathMtuProbesSent: pathMtu.probesSent,
      blackHoles: pathMtu.blackHoles,
      unackData: sender.outstanding.size,
      bytesInFlight: sender.outstanding.flight,
      bytesQueued: sender.queue.bytes,
      packetsSent: this.#packer.packets,
      packetsReceived: this.#inbound.packets,
      bytesSent: this.#packer.bytes,
      bytesReceived: this.#inbound.bytes,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      retransmittedChunks: sender.retransmittedChunks,
      fastRetransmits: sender.fastRetransmits,
      timeouts: sender.timeouts,
      probes: sender.probes,
      abandonedMessages: sender.abandonedMessages,
      duplicateChunksReceived: receiver.duplicateChunks,
      droppedChunks: receiver.droppedChunks,
      droppedPackets: this.#inbound.dropped,
      heartbeatsSent: this.#heartbeat.sent,
      outboundStreams,
      inboundStreams,
      interleaving: features.interleaving,
      zeroChecksum: features.zeroChecksum,
      partialReliability: features.forwardTsn,
      reConfig: features.reConfig,
    };
  }

  /** Time never goes back. */
  #tick(now: Instant): Instant {
    if (now > this.#context.now) this.#context.now = now;
    return this.#context.now;
  }

  #checkStream(stream: number): void {
    if (!(stream >= 0 && stream < this.#context.outboundStreams) || !Number.isInteger(stream)) {
      throw new SctpError('SCTP_BAD_STREAM', `There is no stream ${stream}.`);
    }
  }

  #stop(): void {
    this.#handshake.stop();
    this.#shutdown.stop();
    this.#reConfig.stop();
    this.#heartbeat.stop();
    this.#context.pathMtu.stop();
  }
}

function unreachable(): SctpError {
  return new SctpError('SCTP_PEER_UNREACHABLE', 'The peer no longer acknowledges anything.');
}

function checkOptions(options: WriteOptions): void {
  const { maxRetransmits, maxPacketLifeTime } = options;
  if (
    (maxRetransmits !== undefined && !(maxRetransmits >= 0)) ||
    (maxPacketLifeTime !== undefined && !(maxPacketLifeTime >= 0))
  ) {
    throw new SctpError('SCTP_BAD_ARGUMENT', 'Neither maxRetransmits nor maxPacketLifeTime may be negative.');
  }
}
