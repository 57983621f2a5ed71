import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import type { MessageStreams, StreamsEvent, WriteOptions } from '@kaon/interface/message-streams/v1';

export interface Written {
  readonly stream: number;
  readonly ppid: number;
  readonly data: Uint8Array;
  readonly options: WriteOptions | undefined;
}

/**
 * Message streams without a network: what one side writes waits until `deliver` moves it to the other.
 * `capacity` bytes fit into the send queue.
 */
export class MemoryStreams implements MessageStreams {
  readonly interface = 'kaon:message-streams/1';
  readonly written: Written[] = [];
  readonly priorities = new Map<number, number>();
  readonly resets: number[] = [];
  readonly events: StreamsEvent[] = [];
  capacity = Number.POSITIVE_INFINITY;
  peer: MemoryStreams | undefined;
  refuseResets = false;
  #queue: (Written | { readonly reset: number })[] = [];
  readonly #low = new Map<number, number>();
  #full = false;

  connect(outbound = 65535, inbound = 65535): void {
    this.events.push({ type: 'connected', outboundStreams: outbound, inboundStreams: inbound });
  }

  write(stream: number, ppid: number, data: Uint8Array, _now: Instant, options?: WriteOptions): boolean {
    if (data.length === 0) throw new Error('SCTP has no empty messages');
    if (this.#queued() + data.length > this.capacity) {
      this.#full = true;
      return false;
    }
    const message = { stream, ppid, data, options };
    this.written.push(message);
    this.#queue.push(message);
    return true;
  }

  bufferedAmount(stream: number): number {
    return this.#queue.reduce((sum, m) => ('data' in m && m.stream === stream ? sum + m.data.length : sum), 0);
  }

  setBufferedAmountLowThreshold(stream: number, bytes: number): void {
    this.#low.set(stream, bytes);
  }

  setPriority(stream: number, priority: number): void {
    this.priorities.set(stream, priority);
  }

  resetStreams(streams: readonly number[]): void {
    for (const id of streams) {
      this.resets.push(id);
      this.#queue.push({ reset: id });
    }
  }

  /** Moves at most `count` items to the peer. Returns whether anything moved. */
  deliver(count = Number.POSITIVE_INFINITY): boolean {
    let moved = false;
    for (let i = 0; i < count; i++) {
      const item = this.#queue[0];
      if (item === undefined) break;
      moved = true;
      const before = 'data' in item ? this.bufferedAmount(item.stream) : 0;
      this.#queue.shift();
      if ('data' in item) {
        this.peer?.events.push({ type: 'message', stream: item.stream, ppid: item.ppid, data: item.data });
        const low = this.#low.get(item.stream) ?? 0;
        if (before > low && this.bufferedAmount(item.stream) <= low)
          this.events.push({ type: 'buffered-amount-low', stream: item.stream });
      } else if (this.peer?.refuseResets) {
        this.events.push({ type: 'reset-failed', streams: [item.reset] });
      } else {
        this.peer?.events.push({ type: 'incoming-reset', streams: [item.reset] });
        this.events.push({ type: 'outgoing-reset', streams: [item.reset] });
      }
      if (this.#full) {
        this.#full = false;
        this.events.push({ type: 'writable' });
      }
    }
    return moved;
  }

  #queued(): number {
    return this.#queue.reduce((sum, m) => sum + ('data' in m ? m.data.length : 0), 0);
  }

  pollEvent(): StreamsEvent | undefined {
    return this.events.shift();
  }

  handlePacket(): void {}
  handleTimeout(): void {}
  pollTimeout(): Instant {
    return Number.POSITIVE_INFINITY;
  }
  pollTransmit(_slot: TransmitSlot): boolean {
    return false;
  }
  shutdown(): void {
    this.events.push({ type: 'closed' });
    this.peer?.events.push({ type: 'closed' });
  }
  abort(): void {
    this.shutdown();
  }
}
