import type { Channel, Channels } from '@kaon/datachannel';
import type { CodedError, Instant } from '@kaon/interface/core/v1';
import {
  type ChannelHost,
  type ChannelSettings,
  dataChannelInternals as channelOf,
  priorityName,
  type RTCDataChannel,
} from './data-channel.ts';
import { domError, RTCError, rtcError } from './errors.ts';
import { RTCDataChannelEvent } from './events/events.ts';
import type { StackEvent } from './stack/events.ts';

/** What the channels of a connection need of it. */
export interface ChannelSetHost {
  readonly maxMessageSize: number;
  now(): Instant;
  wake(): void;
  defer(task: () => void): void;
  dispatch(event: Event): void;
}

/** The data channels of one connection: before there is a transport, over it, and when it ends. */
export class ChannelSet {
  readonly #host: ChannelSetHost;
  readonly #channelHost: ChannelHost;
  readonly #live = new Set<RTCDataChannel>();
  readonly #byCore = new Map<Channel, RTCDataChannel>();
  #transport: Channels | undefined = undefined;
  /** Whether a channel was ever created here, so that data channels have to be negotiated. */
  wanted = false;
  opened = 0;
  closed = 0;

  constructor(host: ChannelSetHost) {
    this.#host = host;
    this.#channelHost = {
      get maxMessageSize() {
        return host.maxMessageSize;
      },
      now: () => host.now(),
      wake: () => host.wake(),
      defer: (task) => host.defer(task),
      closed: (channel) => this.#forget(channel),
    };
  }

  /** Channels that are not closed, in the order of their creation. */
  get live(): Iterable<RTCDataChannel> {
    return this.#live;
  }

  /** A new channel. Throws OperationError when its id is taken or no more channels can be. */
  create(settings: ChannelSettings): RTCDataChannel {
    if (settings.id !== undefined)
      for (const other of this.#live)
        if (other.id === settings.id)
          throw domError('OperationError', `the id ${settings.id} belongs to another channel`);
    const core = this.#transport === undefined ? undefined : this.#open(this.#transport, settings);
    const channel = channelOf.create({ settings, host: this.#channelHost, state: 'connecting' });
    this.#live.add(channel);
    this.wanted = true;
    if (core !== undefined) {
      this.#bind(channel, core);
      this.#host.wake();
    }
    return channel;
  }

  /** There is a transport: the channels created before are opened on it. */
  attach(transport: Channels): void {
    if (this.#transport === transport) return;
    this.#transport = transport;
    for (const channel of [...this.#live]) {
      if (channelOf.core(channel) !== undefined || channel.readyState !== 'connecting') continue;
      try {
        this.#bind(channel, this.#open(transport, channelOf.settings(channel)));
      } catch (error) {
        const detail = new RTCError({ errorDetail: 'data-channel-failure' }, (error as Error).message, {
          cause: error,
        });
        this.#host.defer(() => channelOf.closed(channel, detail));
      }
    }
  }

  /** The transport is gone: its channels are closed, those that come wait for another one. */
  detach(): void {
    this.#transport = undefined;
    for (const channel of [...this.#live]) {
      if (channelOf.core(channel) === undefined) continue;
      this.#host.defer(() => channelOf.closed(channel, undefined));
    }
  }

  /** Passes on what the stack reports about channels. */
  handle(event: StackEvent): void {
    if (event.type === 'message') {
      const channel = this.#byCore.get(event.channel);
      if (channel !== undefined) channelOf.message(channel, event.data, event.binary);
    } else if (event.type === 'channel') this.#incoming(event.channel);
    else if (event.type === 'writable') for (const channel of this.#live) channelOf.writable(channel);
    else if ('channel' in event) this.#about(event);
  }

  /** The connection is closed: all channels are, without an event. */
  abandon(): void {
    for (const channel of this.#live) channelOf.abandon(channel);
    this.#live.clear();
    this.#byCore.clear();
  }

  #about(event: Extract<StackEvent, { readonly channel: Channel }>): void {
    const channel = this.#byCore.get(event.channel);
    if (channel === undefined) return;
    switch (event.type) {
      case 'open':
        this.opened++;
        channelOf.opened(channel);
        return;
      case 'buffered-amount-low':
        channelOf.bufferedAmountLow(channel);
        return;
      case 'closing':
        channelOf.closing(channel);
        return;
      case 'closed-channel':
        channelOf.closed(channel, event.error === undefined ? undefined : failure(event.error));
        return;
      default:
    }
  }

  #incoming(core: Channel): void {
    const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime, id } = core;
    const settings: ChannelSettings = {
      label,
      protocol,
      ordered,
      maxRetransmits,
      maxPacketLifeTime,
      negotiated: false,
      id,
      priority: priorityName(core.priority),
    };
    const channel = channelOf.create({ settings, host: this.#channelHost, state: 'open' });
    this.#live.add(channel);
    this.#bind(channel, core);
    this.opened++;
    // Whatever comes next waits until the event has returned and its promises have run.
    channelOf.pause(channel);
    channelOf.opened(channel);
    this.#host.dispatch(new RTCDataChannelEvent('datachannel', { channel }));
  }

  #open(transport: Channels, settings: ChannelSettings): Channel {
    try {
      return transport.open(settings, this.#host.now());
    } catch (error) {
      throw domError('OperationError', (error as Error).message);
    }
  }

  #bind(channel: RTCDataChannel, core: Channel): void {
    this.#byCore.set(core, channel);
    channelOf.bind(channel, core);
  }

  #forget(channel: RTCDataChannel): void {
    if (!this.#live.delete(channel)) return;
    const core = channelOf.core(channel);
    if (core === undefined) return;
    this.closed++;
    this.#byCore.delete(core);
  }
}

function failure(error: CodedError): RTCError {
  return rtcError(error.code.startsWith('SCTP_') ? 'sctp-failure' : 'data-channel-failure', error);
}
