import type { Instant } from '@kaon/interface/core/v1';
import { add32 } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import { checkField } from '../../packet.ts';
import { TELEPHONE_EVENT_LENGTH, writeTelephoneEvent } from './event.ts';

/** How events are sent. */
export interface TelephoneEventSenderOptions {
  /** Of the payload type, Hz. Default 8000. */
  readonly clockRate?: number | undefined;
  /** Milliseconds between packets of an event, up to 1000. Default 50 (RFC 4733 §2.5.1.2); 20 keeps the rhythm of speech. */
  readonly interval?: number | undefined;
  /** How loud tones are in -dBm0, 0 to 63. Default 10. */
  readonly volume?: number | undefined;
}

/** A packet to send: an RTP packet with these fields. */
export interface TelephoneEventPacket {
  readonly payload: Uint8Array;
  /** When the event began, or its segment: the same for all packets of it. */
  readonly timestamp: number;
  /** True for the first packet of an event. */
  readonly marker: boolean;
}

/**
 * Sends one event after another (RFC 4733 §2.5.1): a packet at once, then one each interval with how long the event will have
 * lasted by the next, the last one three times. An event that outgrows the 16 bits of a duration goes on in segments.
 */
export class TelephoneEventSender {
  readonly #clockRate: number;
  readonly #interval: number;
  readonly #volume: number;
  #event = -1;
  #timestamp = 0;
  /** Units of the whole event; Infinity until `stop`. */
  #total = 0;
  /** Units that went into segments before this one. */
  #before = 0;
  /** Units that the last packet has told of. */
  #told = 0;
  #startedAt: Instant = 0;
  #nextAt: Instant = Number.POSITIVE_INFINITY;
  #marker = false;
  /** How often the last packet of the event or segment still goes out; 0: not reached. */
  #repeats = 0;

  /** Throws RtpError (`RTP_BAD_OPTION`) for options out of range. */
  constructor(options: TelephoneEventSenderOptions = {}) {
    const { clockRate = 8000, interval = 50, volume = 10 } = options;
    if (!(clockRate >= 1000 && clockRate <= 192_000)) throw badOption('clockRate', clockRate);
    if (!(interval >= 1 && interval <= 1000)) throw badOption('interval', interval);
    if (!(volume >= 0 && volume <= 63 && Number.isInteger(volume))) throw badOption('volume', volume);
    this.#clockRate = clockRate;
    this.#interval = interval;
    this.#volume = volume;
  }

  /** Whether an event is going on or its last packet is still to be repeated. */
  get active(): boolean {
    return this.#event >= 0;
  }

  /**
   * Begins an event (0 to 255) that lasts `duration` ms, Infinity for until `stop`. `timestamp` is the stream's for `now`. An
   * event that is going on is broken off: that another begins tells the receiver that it ended.
   */
  start(event: number, duration: number, timestamp: number, now: Instant): void {
    checkField('event', event, 255);
    checkField('timestamp', timestamp, 0xffff_ffff);
    if (!(duration > 0)) throw badOption('duration', duration);
    this.#event = event;
    this.#timestamp = timestamp;
    this.#total = Math.max(1, this.#units(duration));
    this.#before = 0;
    this.#told = 0;
    this.#startedAt = now;
    this.#nextAt = now;
    this.#marker = true;
    this.#repeats = 0;
  }

  /** Ends the event that is going on now instead of when its duration is over. */
  stop(now: Instant): void {
    if (this.#told === this.#total) return;
    const elapsed = Math.max(1, this.#units(now - this.#startedAt));
    // Never less than what a packet has told already.
    this.#total = Math.min(this.#total, Math.max(elapsed, this.#told));
    this.#nextAt = Math.min(this.#nextAt, now);
  }

  /** The next packet that is due, or undefined. Call until then. */
  poll(now: Instant): TelephoneEventPacket | undefined {
    if (now < this.#nextAt) return undefined;
    const intervals = Math.floor((now - this.#startedAt) / this.#interval) + 1;
    const whole = Math.min(this.#total, this.#units(intervals * this.#interval));
    const segment = Math.min(MAX_DURATION, whole - this.#before);
    const endOfSegment = whole - this.#before > MAX_DURATION;
    const end = !endOfSegment && whole === this.#total;
    const payload = new Uint8Array(TELEPHONE_EVENT_LENGTH);
    writeTelephoneEvent(payload, 0, { event: this.#event, end, volume: this.#volume, duration: segment });
    this.#told = whole;
    const packet = { payload, timestamp: this.#timestamp, marker: this.#marker };
    this.#marker = false;
    this.#advance(end, endOfSegment, this.#startedAt + intervals * this.#interval);
    return packet;
  }

  /** When `poll` has the next packet. */
  pollTimeout(): Instant {
    return this.#nextAt;
  }

  #advance(end: boolean, endOfSegment: boolean, next: Instant): void {
    if (!end && !endOfSegment) {
      this.#nextAt = next;
      return;
    }
    this.#repeats = this.#repeats === 0 ? LAST_PACKETS - 1 : this.#repeats - 1;
    if (end) this.#nextAt = this.#repeats === 0 ? Number.POSITIVE_INFINITY : next;
    if (end && this.#repeats === 0) this.#event = -1;
    // The end of a segment is repeated at once, so that the next one can go on in time.
    if (endOfSegment && this.#repeats === 0) {
      this.#before += MAX_DURATION;
      this.#timestamp = add32(this.#timestamp, MAX_DURATION);
    }
  }

  #units(milliseconds: number): number {
    return Math.round((milliseconds * this.#clockRate) / 1000);
  }
}

function badOption(name: string, value: number): RtpError {
  return new RtpError('RTP_BAD_OPTION', `${name} ${value} is out of range`);
}

/** The largest duration of a segment (RFC 4733 §2.5.1.3). */
const MAX_DURATION = 0xffff;
/** How often the last packet goes out (RFC 4733 §2.5.1.4). */
const LAST_PACKETS = 3;
