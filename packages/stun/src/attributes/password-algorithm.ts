/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |          Algorithm            |  Algorithm Parameters Length  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    Algorithm Parameters (variable)
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { Reader, Writer } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';

/** A way to derive a key from a password, with its parameters (RFC 8489 §18.5). */
export interface PasswordAlgorithmEntry {
  /** `PASSWORD_ALGORITHM` has the known ones. */
  readonly algorithm: number;
  /** Empty for MD5 and SHA-256. */
  readonly parameters: Uint8Array;
}

/** PASSWORD-ALGORITHM: how the sender derived its key (RFC 8489 §14.12). */
export interface PasswordAlgorithm extends PasswordAlgorithmEntry {
  readonly type: 'password-algorithm';
}

/** The algorithms of the IANA registry "STUN Password Algorithms". */
export const PASSWORD_ALGORITHM: { readonly MD5: 1; readonly 'SHA-256': 2 } = { MD5: 1, 'SHA-256': 2 };

export const passwordAlgorithm: AttributeCodec<PasswordAlgorithm> = {
  type: 'password-algorithm',
  code: 0x001d,
  decode(value) {
    const { algorithm, parameters } = readPasswordAlgorithm(value);
    // Some count the padding of the parameters in the attribute's length.
    if (value.remaining < 4) value.rest();
    return { type: 'password-algorithm', algorithm, parameters };
  },
  encode(value, attribute) {
    writePasswordAlgorithm(value, attribute);
  },
};

export function readPasswordAlgorithm(value: Reader): PasswordAlgorithmEntry {
  const algorithm = value.u16();
  return { algorithm, parameters: value.view(value.u16()) };
}

export function writePasswordAlgorithm(value: Writer, entry: PasswordAlgorithmEntry): void {
  value.u16(entry.algorithm).u16(entry.parameters.length).bytes(entry.parameters);
}
