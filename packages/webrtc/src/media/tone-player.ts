import type { Instant } from '@kaon/interface/core/v1';
import type { ClockTimer } from '@kaon/interface/network/v1';
import { TelephoneEventSender } from '@kaon/rtp/payload/telephone-event';
import type { OutgoingStream } from './outgoing/outgoing-stream.ts';

/** Plays one telephone event after another on a stream of audio, by the connection's clock. */
export class TonePlayer {
  readonly #now: () => Instant;
  readonly #timer: ClockTimer;
  #playing:
    | { readonly sender: TelephoneEventSender; readonly stream: OutgoingStream; readonly payloadType: number }
    | undefined = undefined;

  constructor(host: { now(): Instant; timer(callback: () => void): ClockTimer }) {
    this.#now = () => host.now();
    this.#timer = host.timer(() => this.#send());
  }

  /** Whether audio has to be silent for a tone. */
  get active(): boolean {
    return this.#playing?.sender.active ?? false;
  }

  /** Begins an event of `duration` ms. Does nothing where telephone events were not negotiated. */
  play(event: number, duration: number, stream: OutgoingStream): void {
    const codec = stream.tones;
    if (codec === undefined) return;
    const now = this.#now();
    const sender = new TelephoneEventSender({ clockRate: codec.clockRate });
    sender.start(event, duration, stream.toneTimestamp(codec.clockRate, now), now);
    this.#playing = { sender, stream, payloadType: codec.payloadType };
    this.#send();
  }

  stop(): void {
    this.#playing = undefined;
    this.#timer.cancel();
  }

  #send(): void {
    const playing = this.#playing;
    if (playing === undefined) return;
    const { sender, stream, payloadType } = playing;
    const now = this.#now();
    for (let packet = sender.poll(now); packet !== undefined; packet = sender.poll(now))
      stream.sendTone(packet, payloadType, now);
    const at = sender.pollTimeout();
    if (at === Number.POSITIVE_INFINITY) this.#playing = undefined;
    else this.#timer.reset(at);
  }
}
