import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { ALERT, ALERT_LEVEL, type Alert, encodeAlert } from './messages/alert.ts';
import { CONTENT_TYPE } from './record/content-type.ts';
import type { RecordWriter } from './record/writer.ts';

/** How long a handshake goes on after an alert that anybody could have sent, in milliseconds. */
export const UNAUTHENTICATED_ALERT_GRACE = 1000;

/** What an alert from the peer means. */
export type AlertMeaning = 'ignore' | 'close' | 'fatal' | 'doubt';

interface Outgoing {
  readonly bytes: Uint8Array;
  readonly epoch: 0 | 1;
}

/**
 * Alerts in both directions. One that ends the connection counts at once when it is protected. Before that anybody who
 * can send a datagram can write one, so during the handshake a plaintext alert only casts doubt: unless the handshake
 * makes progress within a second, it has failed with that alert (RFC 6347 §4.1.2.7 leaves this open). A real one costs
 * that second, a forged one nothing.
 */
export class Alerts {
  readonly #queue: Outgoing[] = [];
  #doubt: Alert | undefined;
  #deadline: Instant = Number.POSITIVE_INFINITY;

  /** Queues an alert for sending. */
  send(alert: Alert, epoch: 0 | 1): void {
    this.#queue.push({ bytes: encodeAlert(alert), epoch });
  }

  /** Whether an alert waits to be sent. */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  /** Appends waiting alerts to `slot` as far as they fit below `limit`. */
  write(slot: TransmitSlot, limit: number, writer: RecordWriter): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      // Without a sequence number left it can never be sent.
      if (!writer.isExhausted(next.epoch) && !writer.append(slot, limit, CONTENT_TYPE.alert, next.epoch, next.bytes)) {
        return;
      }
      this.#queue.shift();
    }
  }

  /** Judges an alert of the peer. */
  receive(alert: Alert, authentic: boolean, now: Instant): AlertMeaning {
    const ends = alert.level === ALERT_LEVEL.fatal || alert.description === ALERT.closeNotify;
    if (!ends) return 'ignore';
    if (authentic) return alert.description === ALERT.closeNotify ? 'close' : 'fatal';
    if (this.#doubt === undefined) {
      this.#doubt = alert;
      this.#deadline = now + UNAUTHENTICATED_ALERT_GRACE;
    }
    return 'doubt';
  }

  /** The handshake made progress: doubts are dispelled. */
  progress(): void {
    this.#doubt = undefined;
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  pollTimeout(): Instant {
    return this.#deadline;
  }

  /** The alert that has come true, if its time is over. */
  handleTimeout(now: Instant): Alert | undefined {
    return now >= this.#deadline ? this.#doubt : undefined;
  }
}
