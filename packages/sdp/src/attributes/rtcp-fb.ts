import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isToken } from '../codec.ts';

/** RTCP feedback that may be used. */
export interface RtcpFeedback {
  /** 0 to 127, or `*` for all formats of the section. */
  readonly payloadType: number | '*';
  /** `nack`, `ccm`, `goog-remb`, `transport-cc` and so on. */
  readonly type: string;
  /** `pli` of `nack pli`, `fir` of `ccm fir`. */
  readonly parameter?: string | undefined;
}

/** `a=rtcp-fb` (RFC 4585 §4.2). */
export const rtcpFb: AttributeCodec<RtcpFeedback> = {
  name: 'rtcp-fb',
  decode(value) {
    const words = value.split(' ');
    const payloadType = words[0] === '*' ? '*' : decimal(words[0], 127);
    const type = words[1];
    const parameter = words.slice(2).join(' ').trim();
    if (payloadType === undefined || !isToken(type)) return MALFORMED;
    return parameter === '' ? { payloadType, type } : { payloadType, type, parameter };
  },
  encode: ({ payloadType, type, parameter }) =>
    `${payloadType} ${type}${parameter === undefined ? '' : ` ${parameter}`}`,
};
