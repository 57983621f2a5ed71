import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isToken } from '../codec.ts';

/** What a payload type stands for. */
export interface RtpMap {
  /** 0 to 127. */
  readonly payloadType: number;
  /** `opus`, `VP8`; letter case does not count when comparing. */
  readonly encodingName: string;
  /** Hz */
  readonly clockRate: number;
  /** For audio the number of channels, as it is written. */
  readonly encodingParameters?: string | undefined;
}

/** `a=rtpmap` (RFC 8866 §6.6). */
export const rtpmap: AttributeCodec<RtpMap> = {
  name: 'rtpmap',
  decode(value) {
    const space = value.indexOf(' ');
    const payloadType = decimal(value.slice(0, Math.max(0, space)), 127);
    const [encodingName, rate, encodingParameters, ...more] = value
      .slice(space + 1)
      .trim()
      .split('/');
    const clockRate = decimal(rate, 0xffff_ffff);
    if (payloadType === undefined || clockRate === undefined || !isToken(encodingName) || more.length > 0) {
      return MALFORMED;
    }
    if (encodingParameters === undefined) return { payloadType, encodingName, clockRate };
    return isToken(encodingParameters) ? { payloadType, encodingName, clockRate, encodingParameters } : MALFORMED;
  },
  encode({ payloadType, encodingName, clockRate, encodingParameters }) {
    const parameters = encodingParameters === undefined ? '' : `/${encodingParameters}`;
    return `${payloadType} ${encodingName}/${clockRate}${parameters}`;
  },
};
