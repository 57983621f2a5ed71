import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** SOFTWARE: the sender's software, for diagnosis only (RFC 8489 §14.14). */
export interface Software {
  readonly type: 'software';
  /** At most 763 bytes of UTF-8. */
  readonly software: string;
}

export const software: AttributeCodec<Software> = {
  type: 'software',
  code: 0x8022,
  decode(value) {
    const software = readText(value, TEXT_LIMIT);
    return isMalformed(software) ? software : { type: 'software', software };
  },
  encode(value, attribute) {
    writeText(value, attribute.software, TEXT_LIMIT);
  },
};
