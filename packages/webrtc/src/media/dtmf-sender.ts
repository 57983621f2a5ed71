import type { ClockTimer } from '@kaon/interface/network/v1';
import { Construction } from '../construction.ts';
import { domError } from '../errors.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from '../events/event-target.ts';
import type { RTCEventInit } from '../events/events.ts';
import { toUnsignedLong } from '../idl.ts';

/** Says which tone begins; the empty string: all have been played (W3C WebRTC §7.3). */
export class RTCDTMFToneChangeEvent extends Event {
  readonly tone: string;

  constructor(type: string, init: RTCEventInit & { tone?: string } = {}) {
    super(type, init);
    this.tone = init.tone ?? '';
  }
}

/** Events of a DTMF sender. */
export interface RTCDTMFSenderEventMap {
  tonechange: RTCDTMFToneChangeEvent;
}

/** See `DtmfInternals`. */
export let dtmfInternals: DtmfInternals;

/** Sends telephone tones (W3C WebRTC §7) as telephone-event packets (RFC 4733). */
export class RTCDTMFSender extends TypedEventTarget<RTCDTMFSenderEventMap> {
  readonly #host: DtmfHost;
  #timer: ClockTimer | undefined = undefined;
  #tones = '';
  /** Milliseconds. */
  #duration = 100;
  #gap = 70;
  #playing = false;

  /** DTMF senders belong to senders of audio. */
  constructor() {
    super();
    this.#host = construction.take();
  }

  /** Whether telephone-event was negotiated and something may be sent. */
  get canInsertDTMF(): boolean {
    return this.#host.canInsert();
  }

  /** Tones that still have to be played. */
  get toneBuffer(): string {
    return this.#tones;
  }

  /**
   * Plays `tones` (0-9, A-D, #, * and the comma, which is a pause of two seconds) instead of those that wait. `duration` is
   * put into 40 to 6000 ms, `interToneGap` to 30 ms at least. Throws InvalidStateError when tones cannot be sent,
   * InvalidCharacterError for what is no tone.
   */
  insertDTMF(tones: string, duration = 100, interToneGap = 70): void {
    const text = String(tones).toUpperCase();
    if (this.#host.isStopped()) throw domError('InvalidStateError', 'the transceiver is stopped');
    if (!this.canInsertDTMF)
      throw domError('InvalidStateError', 'telephone-event was not negotiated, or nothing may be sent');
    if (!/^[0-9A-D#*,]*$/.test(text))
      throw new DOMException(`${tones} has characters that are no tones`, 'InvalidCharacterError');
    this.#tones = text;
    this.#duration = Math.min(6000, Math.max(40, toUnsignedLong(duration)));
    this.#gap = Math.min(6000, Math.max(30, toUnsignedLong(interToneGap)));
    if (text === '' || this.#playing) return;
    this.#playing = true;
    this.#host.defer(() => this.#next());
  }

  get ontonechange(): AnyEventHandler {
    return this.handler('tonechange');
  }
  set ontonechange(handler: EventHandler<this, RTCDTMFToneChangeEvent>) {
    this.setHandler('tonechange', handler);
  }

  /** The playout task of the standard. */
  #next(): void {
    if (!this.#playing) return;
    if (this.#host.isStopped() || !this.canInsertDTMF) {
      this.#stop();
      return;
    }
    const tone = this.#tones[0];
    if (tone === undefined) {
      this.#playing = false;
      this.dispatchEvent(new RTCDTMFToneChangeEvent('tonechange'));
      return;
    }
    this.#tones = this.#tones.slice(1);
    if (tone === ',') this.#after(2000);
    else {
      this.#host.play(TONES.indexOf(tone), this.#duration);
      this.#after(this.#duration + this.#gap);
    }
    this.dispatchEvent(new RTCDTMFToneChangeEvent('tonechange', { tone }));
  }

  #after(milliseconds: number): void {
    this.#timer ??= this.#host.timer(() => this.#next());
    this.#timer.reset(this.#host.now() + milliseconds);
  }

  #stop(): void {
    this.#playing = false;
    this.#timer?.cancel();
  }

  static {
    dtmfInternals = {
      create: (host) => construction.make(RTCDTMFSender, host),
      stop: (dtmf) => {
        dtmf.#stop();
        dtmf.#tones = '';
      },
    };
  }
}

/** What a DTMF sender needs of its sender. */
export interface DtmfHost {
  canInsert(): boolean;
  isStopped(): boolean;
  /** Sends the packets of one event (RFC 4733 §3.2) over `duration` ms. */
  play(event: number, duration: number): void;
  now(): number;
  defer(task: () => void): void;
  timer(callback: () => void): ClockTimer;
}

/** What a sender may do with its DTMF sender and nobody else. */
export interface DtmfInternals {
  create(host: DtmfHost): RTCDTMFSender;
  stop(dtmf: RTCDTMFSender): void;
}

const construction = new Construction<DtmfHost>();

/** Event codes 0 to 15 (RFC 4733 §3.2). */
const TONES = '0123456789*#ABCD';
