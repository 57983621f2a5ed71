import type { AttributeCodec } from './codec.ts';

/** CONNECTION-ID: names a TCP connection between the server and a peer (RFC 6062 §6.2.1). */
export interface ConnectionId {
  readonly type: 'connection-id';
  /** 0 to 2^32 - 1. */
  readonly connectionId: number;
}

export const connectionId: AttributeCodec<ConnectionId> = {
  type: 'connection-id',
  code: 0x002a,
  decode(value) {
    return { type: 'connection-id', connectionId: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.connectionId);
  },
};
