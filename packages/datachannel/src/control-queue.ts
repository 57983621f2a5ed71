import type { Instant } from '@kaon/interface/core/v1';
import { Deque } from '@kaon/wire';
import type { DataChannel } from './channel.ts';

/** DCEP messages that wait for room in the send queue. */
export class ControlQueue {
  readonly #waiting: Deque<{ readonly channel: DataChannel; readonly data: Uint8Array; readonly open: boolean }> =
    new Deque();
  readonly #opened: (channel: DataChannel) => void;

  /** `opened` is called when a channel's OPEN is on its way: data may follow at once (RFC 8832 §6). */
  constructor(opened: (channel: DataChannel) => void) {
    this.#opened = opened;
  }

  /** Sends a message now or, when there is no room, with a later `flush`. `open` tells an OPEN from an ACK. */
  send(channel: DataChannel, data: Uint8Array, open: boolean, now: Instant): void {
    this.#waiting.push({ channel, data, open });
    this.flush(now);
  }

  /** Sends what fits. Returns whether nothing waits any more. */
  flush(now: Instant): boolean {
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      const { channel, data, open } = first;
      // Whoever closed the channel in the meantime needs neither.
      const wanted = channel.state === (open ? 'connecting' : 'open');
      if (wanted && !channel.sendControl(data, now)) return false;
      this.#waiting.shift();
      if (wanted && open) this.#opened(channel);
    }
    return true;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
