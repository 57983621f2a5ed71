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
    const rest = value.slice(space + 1).trim();
    const slash = rest.indexOf('/');
    if (slash < 0) return MALFORMED;
    const second = rest.indexOf('/', slash + 1);
    const encodingName = rest.slice(0, slash);
    const clockRate = decimal(second < 0 ? rest.slice(slash + 1) : rest.slice(slash + 1, second), 0xffff_ffff);
    if (payloadType === undefined || clockRate === undefined || !isToken(encodingName)) return MALFORMED;
    if (second < 0) return { payloadType, encodingName, clockRate };
    const encodingParameters = rest.slice(second + 1);
    return isToken(encodingParameters) ? { payloadType, encodingName, clockRate, encodingParameters } : MALFORMED;
  },
  encode({ payloadType, encodingName, clockRate, encodingParameters }) {
    const parameters = encodingParameters === undefined ? '' : `/${encodingParameters}`;
    return `${payloadType} ${encodingName}/${clockRate}${parameters}`;
  },
};
