import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, isToken } from '../codec.ts';

/** A hash of the certificate that DTLS will show. */
export interface Fingerprint {
  /** `sha-256` and so on, in lower case. */
  readonly algorithm: string;
  /** Bytes in upper-case hexadecimal with colons between. */
  readonly value: string;
}

/** `a=fingerprint` (RFC 8122 §5). Reading brings letters to the case that the RFC wants. */
export const fingerprint: AttributeCodec<Fingerprint> = {
  name: 'fingerprint',
  decode(text) {
    const [algorithm, value, ...more] = text.split(' ');
    if (more.length > 0 || !isToken(algorithm)) return MALFORMED;
    if (value === undefined || !/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(value)) return MALFORMED;
    return { algorithm: algorithm.toLowerCase(), value: value.toUpperCase() };
  },
  encode: ({ algorithm, value }) => `${algorithm} ${value}`,
};
