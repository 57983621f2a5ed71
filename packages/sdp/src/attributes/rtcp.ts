import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isToken, isWord } from '../codec.ts';
import type { Connection } from '../model.ts';

/** Where RTCP goes when it does not share the port of RTP. */
export interface Rtcp {
  readonly port: number;
  /** Default: as the section's c= line. */
  readonly connection?: Connection | undefined;
}

/** `a=rtcp` (RFC 3605 §2.1). */
export const rtcp: AttributeCodec<Rtcp> = {
  name: 'rtcp',
  decode(value) {
    const [portText, networkType, addressType, address, ...more] = value.split(' ');
    const port = decimal(portText, 65535);
    if (port === undefined || more.length > 0) return MALFORMED;
    if (networkType === undefined) return { port };
    if (!isToken(networkType) || !isToken(addressType) || !isWord(address)) return MALFORMED;
    return { port, connection: { networkType, addressType, address } };
  },
  encode({ port, connection }) {
    if (connection === undefined) return String(port);
    return `${port} ${connection.networkType} ${connection.addressType} ${connection.address}`;
  },
};
