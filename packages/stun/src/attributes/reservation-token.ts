import type { AttributeCodec } from './codec.ts';

/** RESERVATION-TOKEN: names a relayed address that the server holds back (RFC 8656 §18.10). */
export interface ReservationToken {
  readonly type: 'reservation-token';
  /** 8 bytes. */
  readonly token: Uint8Array;
}

export const reservationToken: AttributeCodec<ReservationToken> = {
  type: 'reservation-token',
  code: 0x0022,
  decode(value) {
    return { type: 'reservation-token', token: value.view(LENGTH) };
  },
  encode(value, attribute) {
    if (attribute.token.length !== LENGTH) throw new RangeError(`RESERVATION-TOKEN takes ${LENGTH} bytes`);
    value.bytes(attribute.token);
  },
};

const LENGTH = 8;
