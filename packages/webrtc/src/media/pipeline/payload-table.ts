import type { StreamInfo, StreamPayload } from '@kaon/interface/interceptor/v1';
import type { CodecParameters } from '../negotiated.ts';

/** What a payload type is for. */
export type PayloadRole = 'media' | 'rtx' | 'red' | 'ulpfec' | 'flexfec' | 'telephone-event' | 'CN';

/** The payload types of one section, looked up by number. */
export class PayloadTable {
  /** Media payload types with those of their retransmissions, as interceptors want them. */
  readonly streamPayloads: readonly StreamPayload[];
  readonly #roles: (PayloadRole | undefined)[] = new Array(128).fill(undefined);
  readonly #codecs: (CodecParameters | undefined)[] = new Array(128).fill(undefined);

  constructor(codecs: readonly CodecParameters[]) {
    for (const codec of codecs) {
      this.#roles[codec.payloadType] = roleOf(codec.mimeType);
      this.#codecs[codec.payloadType] = codec;
    }
    const rtx = new Map<number, number>();
    for (const { mimeType, payloadType, sdpFmtpLine } of codecs) {
      const associated = /(?:^|;)\s*apt=(\d+)/i.exec(sdpFmtpLine ?? '')?.[1];
      if (/\/rtx$/i.test(mimeType) && associated !== undefined) rtx.set(Number(associated), payloadType);
    }
    this.streamPayloads = codecs
      .filter(({ mimeType }) => !['rtx', 'ulpfec', 'flexfec'].includes(roleOf(mimeType)))
      .map(({ payloadType, mimeType, clockRate }) => ({
        payloadType,
        mimeType,
        clockRate,
        rtxPayloadType: rtx.get(payloadType),
      }));
  }

  /** Undefined: not negotiated. */
  roleOf(payloadType: number): PayloadRole | undefined {
    return this.#roles[payloadType];
  }

  codec(payloadType: number): CodecParameters | undefined {
    return this.#codecs[payloadType];
  }

  /**
   * What repairs a stream, where that was negotiated; `ssrc` is that of a repair stream of its own. Where both ways were agreed on
   * and no such stream is known of, media may come inside of RED, as it does from Chromium.
   */
  fec(ssrc: number | undefined): StreamInfo['fec'] {
    const flexfec = this.#roles.indexOf('flexfec');
    const ulpfec = this.#roles.indexOf('ulpfec');
    const red = this.#roles.indexOf('red');
    const inRed = ulpfec >= 0 && red >= 0;
    if (flexfec >= 0 && (ssrc !== undefined || !inRed)) return { scheme: 'flexfec-03', payloadType: flexfec, ssrc };
    return inRed ? { scheme: 'ulpfec', payloadType: ulpfec, redPayloadType: red } : undefined;
  }
}

function roleOf(mimeType: string): PayloadRole {
  const name = mimeType.slice(mimeType.indexOf('/') + 1).toLowerCase();
  switch (name) {
    case 'rtx':
    case 'red':
    case 'ulpfec':
    case 'telephone-event':
      return name;
    case 'cn':
      return 'CN';
    default:
      return name.startsWith('flexfec') ? 'flexfec' : 'media';
  }
}
