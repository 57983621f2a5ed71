import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal } from '../codec.ts';

/** Image sizes that the sender can send or take. */
export interface ImageAttributes {
  /** 0 to 127, or `*` for all formats. */
  readonly payloadType: number | '*';
  /** `send [x=...] recv *` as it is written. */
  readonly sets: string;
}

/** `a=imageattr` (RFC 6236 §3.1). */
export const imageattr: AttributeCodec<ImageAttributes> = {
  name: 'imageattr',
  decode(value) {
    const space = value.indexOf(' ');
    const head = value.slice(0, Math.max(0, space));
    const payloadType = head === '*' ? '*' : decimal(head, 127);
    const sets = value.slice(space + 1);
    return payloadType === undefined || !/^(send|recv)\s+\S/.test(sets) ? MALFORMED : { payloadType, sets };
  },
  encode: ({ payloadType, sets }) => `${payloadType} ${sets}`,
};
