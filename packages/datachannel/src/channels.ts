import type { CodedError, Core, Instant, TransmitSlot } from '@kaon/interface/core/v1';
import type { MessageStreams, StreamsEvent } from '@kaon/interface/message-streams/v1';
import { Deque, isMalformed } from '@kaon/wire';
import { type Channel, type ChannelHost, DataChannel } from './channel.ts';
import { parametersOf } from './channel-init.ts';
import { ControlQueue } from './control-queue.ts';
import { encodeAck } from './dcep/ack.ts';
import { decodeDcep } from './dcep/decode.ts';
import { type DcepOpen, encodeOpen } from './dcep/open.ts';
import { DataChannelError, type DataChannelErrorCode } from './errors.ts';
import type { ChannelsEvent } from './events.ts';
import { HeldMessages } from './held-messages.ts';
import type { ChannelInit, ChannelsOptions } from './options.ts';
import { PartialMessages } from './partial-messages.ts';
import { PPID } from './ppid.ts';
import { STREAM_ID_LIMIT, StreamIds } from './stream-ids.ts';

/**
 * The data channels of one association (RFC 8831, RFC 8832).
 *
 * It stands on top of `MessageStreams`, drains its events itself and is then driven in its place: `handleTimeout`,
 * `pollTimeout` and `pollTransmit` are those of the streams. Received packets go to the streams directly.
 */
export class Channels implements Core<ChannelsEvent> {
  readonly #streams: MessageStreams;
  readonly #options: ChannelsOptions;
  readonly #host: Mutable<ChannelHost>;
  readonly #ids = new StreamIds();
  readonly #byId = new Map<number, DataChannel>();
  /** Channels of ours that have no id, in the order of their creation. */
  readonly #withoutId = new Set<DataChannel>();
  readonly #control = new ControlQueue(
    (channel) => this.#opened(channel),
    (channel, error) => this.#closed(channel, error),
  );
  readonly #events: Deque<ChannelsEvent> = new Deque();
  readonly #held = new HeldMessages();
  readonly #partial = new Map<DataChannel, PartialMessages>();
  /** Streams without a channel whose reset we have answered, so that two sides cannot answer each other for ever. */
  readonly #answered = new Set<number>();
  #limit = STREAM_ID_LIMIT;
  #connected = false;
  #ended = false;
  #labelBytes = 0;
  #dropped = 0;
  #now: Instant = 0;

  /** Throws DATACHANNEL_BAD_OPTION on limits that are no positive integers. */
  constructor(options: ChannelsOptions) {
    for (const name of ['maxChannels', 'maxReceiveMessageSize'] as const) {
      const value = options[name];
      if (value !== undefined && !(Number.isInteger(value) && value > 0))
        throw new DataChannelError('DATACHANNEL_BAD_OPTION', `${name} must be a positive integer, not ${value}`);
    }
    this.#options = options;
    this.#streams = options.streams;
    this.#host = {
      streams: options.streams,
      maxMessageSize: sendLimit(options.maxMessageSize ?? 65536),
      closeChannel: (channel, now) => this.#close(channel, now),
    };
    if (options.role !== undefined) this.#ids.setRole(options.role);
  }

  /** Channels that are not closed, in the order of their ids' creation; those without an id last. */
  get channels(): readonly Channel[] {
    return [...this.#byId.values(), ...this.#withoutId];
  }

  /** Messages of the peer that belonged to no channel, or to one that was closing, and were dropped. */
  get droppedMessages(): number {
    return this.#dropped;
  }

  /** Longest message in bytes that the peer takes; 0 means any. */
  setMaxMessageSize(bytes: number): void {
    this.#host.maxMessageSize = sendLimit(bytes);
  }

  /** Tells which side of the DTLS connection we are; channels opened before get their ids. Counts once. */
  setRole(role: 'client' | 'server', now: Instant): void {
    this.#now = now;
    if (this.#ids.hasRole || this.#ended) return;
    this.#ids.setRole(role);
    for (const channel of [...this.#withoutId]) {
      this.#withoutId.delete(channel);
      this.#assignId(channel);
      if (channel.id === undefined) this.#closed(channel, noStream('no stream id is left for the channel'));
      else if (this.#connected) this.#start(channel, now);
    }
  }

  /**
   * Opens a channel; `open` is reported when it may be written to. Throws DATACHANNEL_BAD_OPTION,
   * DATACHANNEL_ID_IN_USE, DATACHANNEL_TOO_MANY and, after the association's end, DATACHANNEL_ENDED.
   */
  open(init: ChannelInit, now: Instant): Channel {
    this.#now = now;
    const parameters = parametersOf(init);
    if (this.#ended) throw misuse('DATACHANNEL_ENDED', 'the association has ended');
    if (this.#isFull) throw misuse('DATACHANNEL_TOO_MANY', 'the limit of channels is reached');
    const channel = new DataChannel(this.#host, parameters, false);
    if (parameters.negotiated) {
      const id = init.id as number;
      if (this.#ids.isTaken(id)) throw misuse('DATACHANNEL_ID_IN_USE', `stream ${id} belongs to another channel`);
      if (id >= this.#limit) throw misuse('DATACHANNEL_NO_STREAM', `stream ${id} does not exist in this association`);
      this.#ids.take(id);
      this.#register(channel, id);
    } else if (this.#ids.hasRole) {
      this.#assignId(channel);
      if (channel.id === undefined) throw misuse('DATACHANNEL_TOO_MANY', 'no stream id of our parity is free');
    } else {
      this.#withoutId.add(channel);
    }
    if (this.#connected && channel.id !== undefined) this.#start(channel, now);
    return channel;
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    this.#streams.handleTimeout(now);
  }

  pollTimeout(): Instant {
    return this.#streams.pollTimeout();
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    this.#now = now;
    return this.#streams.pollTransmit(slot, now);
  }

  pollEvent(): ChannelsEvent | undefined {
    for (;;) {
      const queued = this.#events.shift();
      if (queued !== undefined) return queued;
      const event = this.#streams.pollEvent();
      if (event === undefined) return undefined;
      const own =
        event.type === 'message' ? this.#message(event.stream, event.ppid, event.data) : this.#fromStreams(event);
      if (own !== undefined) return own;
    }
  }

  /** Takes the one event that the streams reported. */
  #fromStreams(event: Exclude<StreamsEvent, { type: 'message' }>): ChannelsEvent | undefined {
    switch (event.type) {
      case 'connected':
        this.#onConnected(Math.min(event.outboundStreams, event.inboundStreams, STREAM_ID_LIMIT));
        return undefined;
      case 'buffered-amount-low': {
        const channel = this.#byId.get(event.stream);
        return channel?.takeBufferedAmountLow() ? { type: 'buffered-amount-low', channel } : undefined;
      }
      case 'writable':
        return this.#control.flush(this.#now) ? { type: 'writable' } : undefined;
      case 'incoming-reset':
        for (const id of event.streams) this.#onIncomingReset(id, this.#now);
        return undefined;
      case 'outgoing-reset':
        for (const id of event.streams) this.#onOutgoingReset(id);
        return undefined;
      case 'reset-failed':
        for (const id of event.streams) this.#onResetFailed(id);
        return undefined;
      case 'closed':
        this.#end(undefined);
        return undefined;
      case 'failed':
        this.#end(event.error);
        return undefined;
    }
  }

  // --- opening

  get #isFull(): boolean {
    return this.#byId.size + this.#withoutId.size >= (this.#options.maxChannels ?? STREAM_ID_LIMIT);
  }

  #assignId(channel: DataChannel): void {
    const id = this.#ids.takeNext(this.#limit);
    if (id !== undefined) this.#register(channel, id);
  }

  #register(channel: DataChannel, id: number): void {
    channel.id = id;
    this.#byId.set(id, channel);
    this.#answered.delete(id);
  }

  #onConnected(limit: number): void {
    this.#connected = true;
    this.#limit = limit;
    this.#events.push({ type: 'connected', maxChannels: limit });
    for (const channel of [...this.#byId.values()]) {
      if ((channel.id as number) >= limit)
        this.#closed(channel, noStream(`stream ${channel.id} does not exist, the peer takes ${limit} streams`));
      // A peer that starts its association over finds the channels that are open as they were.
      else if (channel.state === 'connecting') this.#start(channel, this.#now);
    }
  }

  /** The association is up and the channel has its id: opens it. */
  #start(channel: DataChannel, now: Instant): void {
    channel.attach();
    if (!channel.negotiated) {
      this.#control.send(channel, encodeOpen(channel), true, now);
      return;
    }
    this.#opened(channel);
    this.#replay(channel.id as number);
  }

  #opened(channel: DataChannel): void {
    channel.state = 'open';
    this.#events.push({ type: 'open', channel });
    this.#trace('datachannel:channel-opened', { id: channel.id });
  }

  #onOpen(id: number, open: DcepOpen, now: Instant): ChannelsEvent | undefined {
    const labelBytes = open.label.length + open.protocol.length;
    const refusal = !this.#ids.isPeers(id)
      ? 'parity'
      : this.#isFull || this.#labelBytes + labelBytes > MAX_LABEL_BYTES
        ? 'too many'
        : undefined;
    if (refusal !== undefined) {
      // RFC 8832 §6: no ACK, the channel is closed instead.
      this.#trace('datachannel:open-refused', { id, reason: refusal });
      this.#streams.resetStreams([id], now);
      this.#answered.add(id);
      return undefined;
    }
    const channel = DataChannel.fromOpen(this.#host, open);
    this.#labelBytes += labelBytes;
    this.#ids.take(id);
    this.#register(channel, id);
    channel.attach();
    channel.state = 'open';
    this.#control.send(channel, encodeAck(), false, now);
    this.#trace('datachannel:channel-opened', { id });
    return { type: 'channel', channel };
  }

  // --- messages

  #message(id: number, ppid: number, data: Uint8Array): ChannelsEvent | undefined {
    const channel = this.#byId.get(id);
    if (channel === undefined || channel.incomingReset) return this.#withoutChannel(id, ppid, data, channel);
    channel.confirmed = true;
    if (ppid === PPID.binary || ppid === PPID.text) {
      const binary = ppid === PPID.binary;
      if (this.#partial.size === 0) return this.#deliver(channel, data, binary);
      const whole = this.#partial.get(channel)?.pending ? this.#partial.get(channel)?.finish(data, binary) : data;
      return whole === undefined ? this.#drop(id, 'partial') : this.#deliver(channel, whole, binary);
    }
    if (ppid === PPID.binaryEmpty || ppid === PPID.textEmpty)
      return this.#deliver(channel, new Uint8Array(0), ppid === PPID.binaryEmpty);
    if (ppid === PPID.binaryPartial || ppid === PPID.textPartial) {
      const partial = this.#partial.get(channel) ?? new PartialMessages(this.#options.maxReceiveMessageSize ?? 262144);
      this.#partial.set(channel, partial);
      return partial.add(data, ppid === PPID.binaryPartial) ? undefined : this.#drop(id, 'partial');
    }
    if (ppid === PPID.dcep) {
      const dcep = decodeDcep(data);
      if (isMalformed(dcep)) return this.#drop(id, 'dcep');
      // An OPEN for a stream in use: the channel is closed (RFC 8832 §6). An ACK said all it had to say above.
      if (dcep.type === 'open') this.#close(channel, this.#now);
      return undefined;
    }
    return this.#drop(id, 'ppid');
  }

  #deliver(channel: DataChannel, data: Uint8Array, binary: boolean): ChannelsEvent | undefined {
    if (channel.state !== 'open') {
      // The peer may write before our OPEN has left only on a negotiated channel, which is open by then.
      return this.#drop(channel.id as number, channel.state);
    }
    channel.messagesReceived++;
    channel.bytesReceived += data.length;
    return { type: 'message', channel, data, binary };
  }

  #withoutChannel(id: number, ppid: number, data: Uint8Array, old: DataChannel | undefined): ChannelsEvent | undefined {
    if (old === undefined && ppid === PPID.dcep) {
      const dcep = decodeDcep(data);
      if (isMalformed(dcep) || dcep.type !== 'open') return this.#drop(id, 'dcep');
      return this.#onOpen(id, dcep, this.#now);
    }
    // The peer uses an id anew once it knows both directions to be reset, which it may learn before us.
    return this.#held.hold(id, ppid, data) ? undefined : this.#drop(id, 'no channel');
  }

  /** Gives messages that came too early to the stream's channel, behind the events that wait. */
  #replay(id: number): void {
    for (const { ppid, data } of this.#held.take(id)) {
      const event = this.#message(id, ppid, data);
      if (event !== undefined) this.#events.push(event);
    }
  }

  #drop(id: number, reason: string): undefined {
    this.#dropped++;
    this.#trace('datachannel:message-dropped', { id, reason });
  }

  // --- closing (RFC 8831 §6.7)

  #close(channel: DataChannel, now: Instant): void {
    this.#now = now;
    if (channel.state === 'closing' || channel.state === 'closed') return;
    if (!this.#connected || channel.id === undefined) {
      this.#withoutId.delete(channel);
      this.#closed(channel, undefined);
      return;
    }
    channel.state = 'closing';
    this.#reset(channel, now);
  }

  #reset(channel: DataChannel, now: Instant): void {
    if (channel.resetAsked) return;
    channel.resetAsked = true;
    this.#streams.resetStreams([channel.id as number], now);
  }

  #onIncomingReset(id: number, now: Instant): void {
    const channel = this.#byId.get(id);
    if (channel === undefined) {
      this.#held.take(id);
      // A channel that we never had: closing ours as well lets the peer use the id again.
      if (this.#answered.has(id) || id >= this.#limit) return;
      this.#answered.add(id);
      this.#streams.resetStreams([id], now);
      return;
    }
    channel.incomingReset = true;
    if (channel.state === 'connecting' || channel.state === 'open') {
      channel.state = 'closing';
      this.#events.push({ type: 'closing', channel });
      this.#reset(channel, now);
    } else if (channel.outgoingReset) this.#closed(channel, undefined);
  }

  #onOutgoingReset(id: number): void {
    const channel = this.#byId.get(id);
    if (channel === undefined || !channel.resetAsked) return;
    channel.outgoingReset = true;
    if (!channel.incomingReset) return;
    this.#closed(channel, undefined);
    this.#replay(id);
  }

  /** The peer will not reset: the channel ends here, and its id stays taken for good. */
  #onResetFailed(id: number): void {
    const channel = this.#byId.get(id);
    if (channel === undefined || !channel.resetAsked) return;
    this.#closed(channel, undefined);
    this.#ids.take(id);
    this.#held.take(id);
  }

  #closed(channel: DataChannel, error: CodedError | undefined): void {
    channel.setClosed();
    this.#events.push(
      error === undefined ? { type: 'closed-channel', channel } : { type: 'closed-channel', channel, error },
    );
    this.#trace('datachannel:channel-closed', { id: channel.id });
    this.#partial.delete(channel);
    const id = channel.id;
    if (id === undefined || this.#byId.get(id) !== channel) return;
    this.#byId.delete(id);
    this.#ids.giveBack(id);
    this.#answered.add(id);
    if (!this.#ids.isPeers(id) || channel.negotiated) return;
    this.#labelBytes -= channel.label.length + channel.protocol.length;
  }

  #end(error: CodedError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const channel of [...this.#byId.values(), ...this.#withoutId]) this.#closed(channel, error);
    this.#withoutId.clear();
    this.#control.clear();
    this.#held.clear();
    this.#answered.clear();
    this.#events.push(error === undefined ? { type: 'closed' } : { type: 'failed', error });
  }

  #trace(name: string, data: { readonly [key: string]: unknown }): void {
    this.#options.trace?.({ time: this.#now, name, data });
  }
}

function sendLimit(bytes: number): number {
  return bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
}

function misuse(code: DataChannelErrorCode, message: string): DataChannelError {
  return new DataChannelError(code, message);
}

function noStream(message: string): DataChannelError {
  return new DataChannelError('DATACHANNEL_NO_STREAM', message);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Labels and protocols of the peer's channels, in UTF-16 units: their number alone would not bound memory. */
const MAX_LABEL_BYTES = 16 * 1024 * 1024;
