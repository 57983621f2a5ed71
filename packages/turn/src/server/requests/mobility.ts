/** Tickets by which a client gets its allocation back from another address (RFC 8016). */
import { formatTransactionId } from '@kaon/stun';
import type { Allocation } from '../allocation.ts';
import type { ServerState } from '../state.ts';

/** Gives an allocation a new ticket; the old one is void. */
export function makeTicket(state: ServerState, allocation: Allocation): Uint8Array {
  const ticket = new Uint8Array(TICKET_LENGTH);
  state.settings.random(ticket);
  if (allocation.ticket !== undefined) state.tickets.delete(allocation.ticket);
  allocation.ticket = ticketKey(ticket);
  state.tickets.set(allocation.ticket, allocation);
  return ticket;
}

/** The allocation that a ticket is for. */
export function allocationOf(state: ServerState, ticket: Uint8Array): Allocation | undefined {
  return ticket.length === TICKET_LENGTH ? state.tickets.get(ticketKey(ticket)) : undefined;
}

function ticketKey(ticket: Uint8Array): string {
  return formatTransactionId(ticket);
}

/** Random, so that nobody guesses one; it says nothing. */
const TICKET_LENGTH = 16;
