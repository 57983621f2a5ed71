import type { CodedError, Instant } from '@kaon/interface/core/v1';
import { Deque } from '@kaon/wire';
import type { DataChannel } from './channel.ts';

/** DCEP messages that wait for room in the send queue. */
export class ControlQueue {
  readonly #waiting: Deque<{ readonly channel: DataChannel; readonly data: Uint8Array; readonly open: boolean }> =
    new Deque();
  readonly #opened: (channel: DataChannel) => void;
  readonly #refused: (channel: DataChannel, error: CodedError) => void;

  /**
   * `opened` is called when a channel's OPEN is on its way: data may follow at once (RFC 8832 §6). `refused` is called
   * when the streams will never take it, because the peer takes no message of that length.
   */
  constructor(
    opened: (channel: DataChannel) => void,
    refused: (channel: DataChannel, error: CodedError) => void = () => undefined,
  ) {
    this.#opened = opened;
    this.#refused = refused;
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
      let error: CodedError | undefined;
      try {
        if (wanted && !channel.sendControl(data, now)) return false;
      } catch (thrown) {
        // The peer set the limit: that is no misuse of ours.
        error = thrown as CodedError;
      }
      this.#waiting.shift();
      if (error !== undefined) this.#refused(channel, error);
      else if (wanted && open) this.#opened(channel);
    }
    return true;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
