import type { Channel, ChannelsEvent, ChannelsOptions } from '../../src/index.ts';
import { Channels } from '../../src/index.ts';
import { MemoryStreams } from './memory-streams.ts';

/** One end: its channels, its streams and every event it reported, drained by `settle`. */
export class End {
  readonly streams = new MemoryStreams();
  readonly channels: Channels;
  readonly events: ChannelsEvent[] = [];

  constructor(options?: Partial<ChannelsOptions>) {
    this.channels = new Channels({ streams: this.streams, ...options });
  }

  drain(): void {
    for (let event = this.channels.pollEvent(); event !== undefined; event = this.channels.pollEvent())
      this.events.push(event);
  }

  /** The channels that the peer opened. */
  get incoming(): Channel[] {
    return this.events.flatMap((event) => (event.type === 'channel' ? [event.channel] : []));
  }

  /** Types of the events about a channel. */
  about(channel: Channel): string[] {
    return this.events.flatMap((event) => ('channel' in event && event.channel === channel ? [event.type] : []));
  }

  /** What arrived on a channel: strings as strings, binary as arrays of numbers. */
  received(channel: Channel): (string | number[])[] {
    return this.events.flatMap((event) => {
      if (event.type !== 'message' || event.channel !== channel) return [];
      return [event.binary ? [...event.data] : new TextDecoder().decode(event.data)];
    });
  }
}

/** Two ends over memory streams. */
export class Pair {
  readonly client: End;
  readonly server: End;

  constructor(options?: Partial<ChannelsOptions>) {
    this.client = new End({ role: 'client', ...options });
    this.server = new End({ role: 'server', ...options });
    this.client.streams.peer = this.server.streams;
    this.server.streams.peer = this.client.streams;
  }

  connect(): this {
    this.client.streams.connect();
    this.server.streams.connect();
    this.settle();
    return this;
  }

  /** Lets both ends work until nothing moves. */
  settle(): void {
    do {
      this.client.drain();
      this.server.drain();
    } while (Number(this.client.streams.deliver()) + Number(this.server.streams.deliver()) > 0);
    this.client.drain();
    this.server.drain();
  }
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
