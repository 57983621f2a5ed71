import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** `a=rtcp-xr`: extended reports that may be used, such as `rcvr-rtt=all`; none for "never" (RFC 3611 §5.1). */
export const rtcpXr: AttributeCodec<readonly string[]> = {
  name: 'rtcp-xr',
  decode(value) {
    const formats = value.split(' ').filter((word) => word !== '');
    return formats.length === 0 && value !== '' ? MALFORMED : formats;
  },
  encode: (formats) => formats.join(' '),
};
