import type { Instant } from '@kaon/interface/core/v1';
import type { MessageStreams, WriteOptions } from '@kaon/interface/message-streams/v1';
import type { DcepOpen } from './dcep/open.ts';
import { DataChannelError } from './errors.ts';
import { Overhead } from './overhead.ts';
import { PPID } from './ppid.ts';

/** Life of a channel; the same words as RTCDataChannelState. */
export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/** Counters of one channel, of user messages and their bytes. */
export interface ChannelStats {
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
}

/** One data channel. Made by `Channels.open` or by the peer. */
export interface Channel {
  /** Stream id; undefined until it is known which side is the DTLS client. Stays after closing. */
  readonly id: number | undefined;
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  /** Milliseconds. */
  readonly maxPacketLifeTime: number | undefined;
  /** Whether both sides created it by agreement, without DCEP. */
  readonly negotiated: boolean;
  /** RFC 8831 §6.4: 128, 256, 512 or 1024, or what the peer sent. */
  readonly priority: number;
  readonly state: ChannelState;
  /** User bytes queued and not yet handed to the network. Keeps its last value once closed. */
  readonly bufferedAmount: number;
  /** `buffered-amount-low` is reported when `bufferedAmount` falls to this many bytes or below. Default 0. */
  bufferedAmountLowThreshold: number;
  readonly stats: ChannelStats;
  /**
   * Queues one message and takes the bytes: the caller must not write to them again. Strings go as UTF-8 with `binary`
   * false. Returns false, and takes nothing, when the send queue is full (wait for the event `writable`).
   * Throws DATACHANNEL_NOT_OPEN, and DATACHANNEL_MESSAGE_TOO_LARGE after which the channel lives on.
   */
  send(data: Uint8Array, binary: boolean, now: Instant): boolean;
  /** Closes in order: what is queued still goes, nothing more is delivered. Idempotent. */
  close(now: Instant): void;
}

/** What a channel needs of the collection it lives in. */
export interface ChannelHost {
  readonly streams: MessageStreams;
  /** Longest message in bytes that may be sent; Infinity for any. */
  readonly maxMessageSize: number;
  closeChannel(channel: DataChannel, now: Instant): void;
}

/** The parameters of a channel, all of them decided. */
export interface ChannelParameters {
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTime: number | undefined;
  readonly negotiated: boolean;
  readonly priority: number;
}

/** The channel as the collection sees it: with the fields that only the collection may change. */
export class DataChannel implements Channel {
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTime: number | undefined;
  readonly negotiated: boolean;
  readonly priority: number;
  id: number | undefined = undefined;
  state: ChannelState = 'connecting';
  /** Anything came from the peer, so that our data may overtake each other (RFC 8832 §6). */
  confirmed: boolean;
  /** The peer's direction is reset. */
  incomingReset = false;
  /** We asked to reset our direction. */
  resetAsked = false;
  /** The peer confirmed that our direction is reset. */
  outgoingReset = false;
  messagesReceived = 0;
  bytesReceived = 0;
  readonly #host: ChannelHost;
  readonly #options: WriteOptions;
  readonly #optionsBeforeAck: WriteOptions;
  readonly #overhead = new Overhead();
  #lowThreshold = 0;
  #aboveLow = false;
  #lastAmount = 0;
  #messagesSent = 0;
  #bytesSent = 0;

  constructor(host: ChannelHost, parameters: ChannelParameters, confirmed: boolean) {
    this.#host = host;
    this.label = parameters.label;
    this.protocol = parameters.protocol;
    this.ordered = parameters.ordered;
    this.maxRetransmits = parameters.maxRetransmits;
    this.maxPacketLifeTime = parameters.maxPacketLifeTime;
    this.negotiated = parameters.negotiated;
    this.priority = parameters.priority;
    this.confirmed = confirmed;
    const { maxRetransmits, maxPacketLifeTime } = parameters;
    this.#options = { unordered: !parameters.ordered, maxRetransmits, maxPacketLifeTime };
    this.#optionsBeforeAck = { unordered: false, maxRetransmits, maxPacketLifeTime };
  }

  /** A channel as the peer opened it; something came from the peer, then. */
  static fromOpen(host: ChannelHost, open: DcepOpen): DataChannel {
    const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime, priority } = open;
    return new DataChannel(
      host,
      { label, protocol, ordered, maxRetransmits, maxPacketLifeTime, negotiated: false, priority },
      true,
    );
  }

  get bufferedAmount(): number {
    if (this.state === 'closed' || this.id === undefined) return this.#lastAmount;
    return this.#overhead.userBytes(this.#host.streams.bufferedAmount(this.id));
  }

  get bufferedAmountLowThreshold(): number {
    return this.#lowThreshold;
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#lowThreshold = bytes;
    this.#aboveLow = this.bufferedAmount > bytes;
    if (this.id !== undefined && this.state !== 'closed')
      this.#host.streams.setBufferedAmountLowThreshold(this.id, bytes);
  }

  get stats(): ChannelStats {
    return {
      messagesSent: this.#messagesSent,
      bytesSent: this.#bytesSent,
      messagesReceived: this.messagesReceived,
      bytesReceived: this.bytesReceived,
    };
  }

  send(data: Uint8Array, binary: boolean, now: Instant): boolean {
    if (this.state !== 'open')
      throw new DataChannelError('DATACHANNEL_NOT_OPEN', `the channel is ${this.state}, messages need it open`);
    const length = data.length;
    if (length > this.#host.maxMessageSize) {
      const limit = this.#host.maxMessageSize;
      throw new DataChannelError(
        'DATACHANNEL_MESSAGE_TOO_LARGE',
        `a message of ${length} bytes, the peer takes ${limit}`,
      );
    }
    const options = this.confirmed ? this.#options : this.#optionsBeforeAck;
    const { streams } = this.#host;
    const id = this.id as number;
    if (length > 0) {
      if (!streams.write(id, binary ? PPID.binary : PPID.text, data, now, options)) return false;
      this.#overhead.user(length);
    } else {
      // SCTP has no empty messages: one byte stands for none (RFC 8831 §6.6).
      if (!streams.write(id, binary ? PPID.binaryEmpty : PPID.textEmpty, new Uint8Array(1), now, options)) return false;
      this.#overhead.own(1);
    }
    this.#messagesSent++;
    this.#bytesSent += length;
    if (!this.#aboveLow) this.#aboveLow = this.bufferedAmount > this.#lowThreshold;
    return true;
  }

  close(now: Instant): void {
    this.#host.closeChannel(this, now);
  }

  /** Sends a DCEP message, ordered and reliably whatever the channel is (RFC 8832 §6). */
  sendControl(data: Uint8Array, now: Instant): boolean {
    if (!this.#host.streams.write(this.id as number, PPID.dcep, data, now, ORDERED_RELIABLE)) return false;
    this.#overhead.own(data.length);
    return true;
  }

  /** The stream exists now: hands it what was set before. */
  attach(): void {
    // The wire allows 0 (RFC 8832 §5.1), and some peers send it; a stream has no such weight.
    this.#host.streams.setPriority(this.id as number, Math.max(1, this.priority));
    this.#host.streams.setBufferedAmountLowThreshold(this.id as number, this.#lowThreshold);
  }

  /** Whether the stream's fall below its threshold is one that the user should hear of. */
  takeBufferedAmountLow(): boolean {
    if (!this.#aboveLow || this.bufferedAmount > this.#lowThreshold) return false;
    this.#aboveLow = false;
    return true;
  }

  /** The end; `bufferedAmount` keeps its value. */
  setClosed(): void {
    this.#lastAmount = this.bufferedAmount;
    this.state = 'closed';
  }
}

const ORDERED_RELIABLE: WriteOptions = Object.freeze({});
