import type { AttributeCodec } from './codec.ts';

/** MOBILITY-TICKET: lets an allocation survive a change of the client's address (RFC 8016 §3.4). */
export interface MobilityTicket {
  readonly type: 'mobility-ticket';
  /** Opaque to the client; empty in an Allocate request that asks for one. */
  readonly ticket: Uint8Array;
}

export const mobilityTicket: AttributeCodec<MobilityTicket> = {
  type: 'mobility-ticket',
  code: 0x8030,
  decode(value) {
    return { type: 'mobility-ticket', ticket: value.rest() };
  },
  encode(value, attribute) {
    value.bytes(attribute.ticket);
  },
};
