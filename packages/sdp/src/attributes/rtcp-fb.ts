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
    const space = value.indexOf(' ');
    if (space < 0) return MALFORMED;
    const next = value.indexOf(' ', space + 1);
    const format = value.slice(0, space);
    const payloadType = format === '*' ? '*' : decimal(format, 127);
    const type = next < 0 ? value.slice(space + 1) : value.slice(space + 1, next);
    if (payloadType === undefined || !isToken(type)) return MALFORMED;
    const parameter = next < 0 ? '' : value.slice(next + 1).trim();
    return parameter === '' ? { payloadType, type } : { payloadType, type, parameter };
  },
  encode: ({ payloadType, type, parameter }) =>
    `${payloadType} ${type}${parameter === undefined ? '' : ` ${parameter}`}`,
};
