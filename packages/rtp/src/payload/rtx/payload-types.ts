/** A payload type and that of its retransmissions; `StreamPayload` of the interceptor interface is one. */
export interface RtxPayloadType {
  readonly payloadType: number;
  readonly rtxPayloadType?: number | undefined;
}

/** Which payload type retransmits which: the `apt` parameters (RFC 4588 §8.1) of a session, in both directions. */
export class RtxPayloadTypes {
  readonly #original = new Map<number, number>();
  readonly #rtx = new Map<number, number>();

  constructor(payloads: Iterable<RtxPayloadType>) {
    for (const { payloadType, rtxPayloadType } of payloads) {
      if (rtxPayloadType === undefined) continue;
      this.#rtx.set(payloadType, rtxPayloadType);
      this.#original.set(rtxPayloadType, payloadType);
    }
  }

  /** The payload type that `rtxPayloadType` retransmits (`apt`); undefined when it is no retransmission. */
  original(rtxPayloadType: number): number | undefined {
    return this.#original.get(rtxPayloadType);
  }

  /** The payload type of retransmissions of `payloadType`; undefined when there are none. */
  rtx(payloadType: number): number | undefined {
    return this.#rtx.get(payloadType);
  }
}
