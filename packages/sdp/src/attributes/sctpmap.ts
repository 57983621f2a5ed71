import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isWord } from '../codec.ts';

/** How drafts before RFC 8841 wrote the port of data channels. */
export interface SctpMap {
  readonly port: number;
  /** `webrtc-datachannel` */
  readonly application: string;
  /** Number of streams, when it was written. */
  readonly streams?: number | undefined;
}

/** `a=sctpmap` (draft-ietf-mmusic-sctp-sdp-05 §5.1), for old peers. */
export const sctpmap: AttributeCodec<SctpMap> = {
  name: 'sctpmap',
  decode(value) {
    const [portText, application, streamsText, ...more] = value.split(' ');
    const port = decimal(portText, 65535);
    const streams = decimal(streamsText);
    if (port === undefined || !isWord(application) || more.length > 0) return MALFORMED;
    if (streamsText !== undefined && streams === undefined) return MALFORMED;
    return { port, application, ...(streams !== undefined && { streams }) };
  },
  encode: ({ port, application, streams }) => `${port} ${application}${streams === undefined ? '' : ` ${streams}`}`,
};
