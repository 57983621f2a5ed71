/** Reading of `StreamInfo`, and what several stages need to know of the streams that are bound. */
import type { StreamInfo, StreamPayload } from '@kaon/interface/interceptor/v1';

/** Whether a kind of feedback was agreed on: `nack`, or `nack` with `pli`. Without a parameter none may stand there. */
export function hasFeedback(stream: StreamInfo, type: string, parameter?: string): boolean {
  return stream.feedback.some((each) => each.type === type && (each.parameter || undefined) === parameter);
}

/** The id of a header extension, or 0 where it was not agreed on. */
export function extensionId(stream: StreamInfo, uri: string): number {
  return stream.extensions.find((each) => each.uri === uri)?.id ?? 0;
}

/** The codec of a payload type, or undefined. */
export function payloadOf(stream: StreamInfo, payloadType: number): StreamPayload | undefined {
  for (const each of stream.payloads) if (each.payloadType === payloadType) return each;
  return undefined;
}

/** Clock rate of a payload type in Hz; that of the preferred one where it is unknown (RED, for instance). */
export function clockRateOf(stream: StreamInfo, payloadType: number): number {
  return (
    (payloadOf(stream, payloadType) ?? stream.payloads[0])?.clockRate ?? (stream.kind === 'audio' ? 48_000 : 90_000)
  );
}

/** The SSRC with which feedback names us: that of the first local stream that is bound, and before that another one. */
export class SenderSsrc {
  readonly #bound: number[] = [];
  readonly #fallback: number;

  constructor(fallback = 1) {
    this.#fallback = fallback;
  }

  bind(ssrc: number): void {
    if (!this.#bound.includes(ssrc)) this.#bound.push(ssrc);
  }

  unbind(ssrc: number): void {
    const at = this.#bound.indexOf(ssrc);
    if (at >= 0) this.#bound.splice(at, 1);
  }

  get value(): number {
    return this.#bound[0] ?? this.#fallback;
  }
}

/** The last round trip time in ms, or undefined as long as none was measured. */
export type RoundTripTime = () => number | undefined;

/** What is assumed as long as no round trip was measured, in ms. */
export const ASSUMED_ROUND_TRIP = 100;
