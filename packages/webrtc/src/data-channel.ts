import type { Channel, ChannelPriority } from '@kaon/datachannel';
import type { Instant } from '@kaon/interface/core/v1';
import { Construction } from './construction.ts';
import { domError, type RTCError } from './errors.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from './events/event-target.ts';
import { RTCErrorEvent } from './events/events.ts';
import { ListenerTracker } from './events/listener-tracker.ts';
import { toEnum, toUnsignedLong, toUSVString } from './idl.ts';
import { OutgoingMessages, type Sendable } from './outgoing-messages.ts';

/** Life of a channel (W3C WebRTC §6.2). */
export type RTCDataChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/** Events of a channel. */
export interface RTCDataChannelEventMap {
  open: Event;
  bufferedamountlow: Event;
  error: RTCErrorEvent;
  closing: Event;
  close: Event;
  message: MessageEvent;
}

/** See `DataChannelInternals`. */
export let dataChannelInternals: DataChannelInternals;

/** A data channel (W3C WebRTC §6.2). */
export class RTCDataChannel extends TypedEventTarget<RTCDataChannelEventMap> {
  readonly #settings: ChannelSettings;
  readonly #host: ChannelHost;
  readonly #out: OutgoingMessages;
  readonly #listeners = new ListenerTracker('message');
  #core: Channel | undefined = undefined;
  #state: RTCDataChannelState;
  #lowThreshold = 0;
  #binaryType: 'arraybuffer' | 'blob' = 'arraybuffer';
  /** Events that wait for the next turn of the event loop, so that code awaiting an earlier one can listen. */
  #waiting: (() => void)[] | undefined = undefined;
  #lastAmount: number | undefined = undefined;

  /**
   * Not of the standard. When true, binary messages arrive as a `Uint8Array` that is a view of the received bytes instead
   * of as a copy in an `ArrayBuffer` or `Blob` of its own. The bytes are yours, but their `buffer` may hold more, and
   * keeping the view keeps all of it in memory. Default false.
   */
  receiveViews = false;

  /** Channels are made by `createDataChannel`. */
  constructor() {
    super();
    const { settings, host, state } = construction.take();
    this.tracker = this.#listeners;
    this.#settings = settings;
    this.#host = host;
    this.#state = state;
    this.#out = new OutgoingMessages(
      (bytes, binary) => this.#write(bytes, binary),
      () => this.#finishClose(),
    );
  }

  get label(): string {
    return this.#settings.label;
  }

  get ordered(): boolean {
    return this.#settings.ordered;
  }

  get maxPacketLifeTime(): number | null {
    return this.#settings.maxPacketLifeTime ?? null;
  }

  get maxRetransmits(): number | null {
    return this.#settings.maxRetransmits ?? null;
  }

  get protocol(): string {
    return this.#settings.protocol;
  }

  get negotiated(): boolean {
    return this.#settings.negotiated;
  }

  /** Null until it is known which side is the DTLS client. */
  get id(): number | null {
    return this.#core?.id ?? this.#settings.id ?? null;
  }

  /** W3C WebRTC Priority §3.2; what a peer sent is put into its range. */
  get priority(): ChannelPriority {
    return this.#settings.priority;
  }

  get readyState(): RTCDataChannelState {
    return this.#state;
  }

  /** Bytes given to `send` that have not been handed to the network. Not reset by closing. */
  get bufferedAmount(): number {
    return this.#lastAmount ?? (this.#core?.bufferedAmount ?? 0) + this.#out.waitingBytes;
  }

  get bufferedAmountLowThreshold(): number {
    return this.#lowThreshold;
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#lowThreshold = toUnsignedLong(bytes);
    if (this.#core !== undefined) this.#core.bufferedAmountLowThreshold = this.#lowThreshold;
  }

  /** How binary messages arrive. Values that are none are ignored, as for every attribute of an enumeration type. */
  get binaryType(): 'arraybuffer' | 'blob' {
    return this.#binaryType;
  }

  set binaryType(type: 'arraybuffer' | 'blob') {
    if (type === 'arraybuffer' || type === 'blob') this.#binaryType = type;
  }

  /**
   * Sends one message; the bytes are copied before it returns. Throws InvalidStateError when the channel is not open,
   * TypeError when the message is longer than the peer takes, OperationError when the send buffer is full: wait for
   * `bufferedamountlow` then.
   */
  send(data: string | Blob | ArrayBuffer | ArrayBufferView<ArrayBufferLike>): void {
    if (this.#state !== 'open') throw domError('InvalidStateError', `the channel is ${this.#state}, not open`);
    const message: Sendable = typeof data === 'object' && isBytes(data) ? data : toUSVString(data);
    const refused = this.#out.send(message, this.#host.maxMessageSize);
    if (refused === 'too large')
      throw new TypeError(`the message is longer than the ${this.#host.maxMessageSize} bytes that the peer takes`);
    if (refused === 'full') throw domError('OperationError', 'the send buffer is full');
  }

  /** Closes the channel in both directions once what was sent is through. Idempotent. */
  close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    if (this.#core === undefined) this.#host.defer(() => this.#announceClosed(undefined));
    else this.#out.end();
  }

  get onopen(): AnyEventHandler {
    return this.handler('open');
  }
  set onopen(handler: EventHandler<this, Event>) {
    this.setHandler('open', handler);
  }
  get onbufferedamountlow(): AnyEventHandler {
    return this.handler('bufferedamountlow');
  }
  set onbufferedamountlow(handler: EventHandler<this, Event>) {
    this.setHandler('bufferedamountlow', handler);
  }
  get onerror(): AnyEventHandler {
    return this.handler('error');
  }
  set onerror(handler: EventHandler<this, RTCErrorEvent>) {
    this.setHandler('error', handler);
  }
  get onclosing(): AnyEventHandler {
    return this.handler('closing');
  }
  set onclosing(handler: EventHandler<this, Event>) {
    this.setHandler('closing', handler);
  }
  get onclose(): AnyEventHandler {
    return this.handler('close');
  }
  set onclose(handler: EventHandler<this, Event>) {
    this.setHandler('close', handler);
  }
  get onmessage(): AnyEventHandler {
    return this.handler('message');
  }
  set onmessage(handler: EventHandler<this, MessageEvent>) {
    this.setHandler('message', handler);
  }

  #write(bytes: Uint8Array, binary: boolean): boolean {
    if (this.#core?.state !== 'open' || !this.#core.send(bytes, binary, this.#host.now())) return false;
    this.#host.wake();
    return true;
  }

  #finishClose(): void {
    this.#core?.close(this.#host.now());
    this.#host.wake();
  }

  /** Runs `task` behind all events that wait. */
  #enqueue(task: () => void): void {
    if (this.#waiting === undefined) task();
    else this.#waiting.push(task);
  }

  /** Holds events back until the event loop has been round. */
  #pause(): void {
    if (this.#waiting !== undefined) return;
    this.#waiting = [];
    this.#host.defer(() => {
      const tasks = this.#waiting ?? [];
      this.#waiting = undefined;
      // A task may pause again; the rest then waits behind it.
      for (const task of tasks) this.#enqueue(task);
    });
  }

  #announceOpen(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'open';
    this.dispatchEvent(new Event('open'));
    if (this.#listeners.count === 0) this.#pause();
  }

  #announceClosing(): void {
    if (this.#state !== 'connecting' && this.#state !== 'open') return;
    this.#state = 'closing';
    this.dispatchEvent(new Event('closing'));
  }

  #announceClosed(error: RTCError | undefined): void {
    if (this.#state === 'closed') return;
    this.#lastAmount = this.bufferedAmount;
    this.#state = 'closed';
    this.#out.abandon();
    this.#host.closed(this);
    if (error !== undefined) this.dispatchEvent(new RTCErrorEvent('error', { error }));
    this.dispatchEvent(new Event('close'));
  }

  #message(bytes: Uint8Array, binary: boolean): void {
    // Whoever closed the channel hears nothing more (W3C WebRTC §6.3).
    if (this.#state !== 'open' || this.#listeners.count === 0) return;
    const data = binary ? this.#binary(bytes) : DECODER.decode(bytes);
    this.dispatchEvent(new MessageEvent('message', { data }));
    this.#listeners.dispatched();
    if (this.#listeners.count === 0) this.#pause();
  }

  #binary(bytes: Uint8Array): Uint8Array | ArrayBuffer | Blob {
    if (this.receiveViews) return bytes;
    if (this.#binaryType === 'blob') return new Blob([bytes as Uint8Array<ArrayBuffer>]);
    const buffer = bytes.buffer as ArrayBuffer;
    return bytes.length === buffer.byteLength
      ? buffer
      : buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  }

  static {
    dataChannelInternals = {
      create: (init) => construction.make(RTCDataChannel, init),
      bind: (channel, core) => {
        channel.#core = core;
        core.bufferedAmountLowThreshold = channel.#lowThreshold;
      },
      core: (channel) => channel.#core,
      settings: (channel) => channel.#settings,
      message: (channel, bytes, binary) => {
        if (channel.#waiting === undefined) channel.#message(bytes, binary);
        else channel.#waiting.push(() => channel.#message(bytes, binary));
      },
      pause: (channel) => channel.#pause(),
      opened: (channel) => channel.#enqueue(() => channel.#announceOpen()),
      closing: (channel) => channel.#enqueue(() => channel.#announceClosing()),
      closed: (channel, error) => channel.#enqueue(() => channel.#announceClosed(error)),
      bufferedAmountLow: (channel) =>
        channel.#enqueue(() => {
          if (channel.#state === 'open' || channel.#state === 'closing')
            channel.dispatchEvent(new Event('bufferedamountlow'));
        }),
      writable: (channel) => channel.#out.writable(),
      abandon: (channel) => {
        if (channel.#state === 'closed') return;
        channel.#lastAmount = channel.bufferedAmount;
        channel.#state = 'closed';
        channel.#waiting = undefined;
        channel.#out.abandon();
      },
    };
  }
}

/** The parameters of a channel as the API shows them. */
export interface ChannelSettings {
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTime: number | undefined;
  readonly negotiated: boolean;
  readonly id: number | undefined;
  readonly priority: ChannelPriority;
}

/** What a channel needs of its connection. */
export interface ChannelHost {
  readonly maxMessageSize: number;
  now(): Instant;
  wake(): void;
  defer(task: () => void): void;
  /** The channel is closed for good. */
  closed(channel: RTCDataChannel): void;
}

/** What the connection may do with its channels and nobody else. */
export interface DataChannelInternals {
  create(init: ChannelConstruction): RTCDataChannel;
  /** Gives the channel its transport. */
  bind(channel: RTCDataChannel, core: Channel): void;
  core(channel: RTCDataChannel): Channel | undefined;
  settings(channel: RTCDataChannel): ChannelSettings;
  message(channel: RTCDataChannel, bytes: Uint8Array, binary: boolean): void;
  /** Holds its events back for one turn of the event loop. */
  pause(channel: RTCDataChannel): void;
  opened(channel: RTCDataChannel): void;
  closing(channel: RTCDataChannel): void;
  closed(channel: RTCDataChannel, error: RTCError | undefined): void;
  bufferedAmountLow(channel: RTCDataChannel): void;
  /** The send buffer has room again. */
  writable(channel: RTCDataChannel): void;
  /** The connection was closed: the channel is, too, and says nothing any more. */
  abandon(channel: RTCDataChannel): void;
}

interface ChannelConstruction {
  readonly settings: ChannelSettings;
  readonly host: ChannelHost;
  readonly state: RTCDataChannelState;
}

const construction = new Construction<ChannelConstruction>();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** Whether the object is one of bytes, whichever realm (a `node:vm` context, a test runner's) it was made in. */
function isBytes(data: object | null): data is Blob | ArrayBuffer | SharedArrayBuffer | ArrayBufferView {
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer || data instanceof Blob) return true;
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(data));
}

/** The name of a priority for a number that a peer sent (RFC 8831 §6.4). */
export function priorityName(priority: number): ChannelPriority {
  return toEnum(
    'RTCPriorityType',
    priority <= 128 ? 'very-low' : priority <= 256 ? 'low' : priority <= 512 ? 'medium' : 'high',
    ['very-low', 'low', 'medium', 'high'],
  );
}
