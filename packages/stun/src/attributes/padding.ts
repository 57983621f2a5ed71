import type { AttributeCodec } from './codec.ts';

/** PADDING: fills a message up, to find out what fragmentation does to it (RFC 5780 §7.6). */
export interface Padding {
  readonly type: 'padding';
  /** Any bytes; their number is what counts. */
  readonly padding: Uint8Array;
}

export const padding: AttributeCodec<Padding> = {
  type: 'padding',
  code: 0x0026,
  decode(value) {
    return { type: 'padding', padding: value.rest() };
  },
  encode(value, attribute) {
    value.bytes(attribute.padding);
  },
};
