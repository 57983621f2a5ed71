/** What the cores of the client report. */
import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { TurnError } from './errors.ts';

/** What a `TurnClient` reports. `redirected`, `failed` and `closed` are terminal. */
export type TurnClientEvent =
  /** There is an allocation. Reported once. */
  | {
      readonly type: 'allocated';
      /** The relayed addresses: one for each family that was asked for and given. */
      readonly relayed: readonly TransportAddress[];
      /** Our address as the server sees it. */
      readonly mapped: TransportAddress;
      /** Seconds until it expires; refreshed long before. */
      readonly lifetime: number;
      /** For another client that takes the next higher port (`evenPort: 'reserve'`); 8 bytes. */
      readonly reservationToken: Uint8Array | undefined;
      /** Families that were asked for and not given, with the server's reasons (ADDRESS-ERROR-CODE). */
      readonly refusedFamilies: readonly RefusedFamily[];
      /** Whether the server lets the allocation move (`mobility` was asked for and granted). */
      readonly mobile: boolean;
    }
  /** The server wants us to ask another one (300). Whether that one has been asked before is for the driver to see. */
  | { readonly type: 'redirected'; readonly server: TransportAddress; readonly domain: string | undefined }
  /** The server refuses to relay to and from this peer's address. */
  | {
      readonly type: 'permission-failed';
      readonly peer: TransportAddress;
      /** 403 forbidden, 443 wrong family, 508 no room; undefined when the server did not answer. */
      readonly statusCode: number | undefined;
      readonly reason: string;
    }
  /** A router or the peer's host sent an ICMP error for a relayed datagram (RFC 8656 §11.5). */
  | {
      readonly type: 'icmp';
      readonly peer: TransportAddress;
      readonly icmpType: number;
      readonly icmpCode: number;
      /** The MTU for "packet too big", else 0. */
      readonly data: number;
    }
  /** RFC 6062: a peer has connected to the relayed address. Bind a data connection to the id within 30 s. */
  | { readonly type: 'connection-attempt'; readonly id: number; readonly peer: TransportAddress }
  /** RFC 6062: `connect` succeeded. Bind a data connection to the id within 30 s. */
  | { readonly type: 'connected'; readonly id: number; readonly peer: TransportAddress }
  /** RFC 6062: `connect` did not succeed. 446: there is a connection already; 447: the peer refused or did not answer. */
  | {
      readonly type: 'connect-failed';
      readonly peer: TransportAddress;
      readonly statusCode: number | undefined;
      readonly reason: string;
    }
  /** `migrate` succeeded: everything goes over this path now. */
  | { readonly type: 'migrated'; readonly path: Path }
  /** `migrate` did not succeed; the allocation stays where it is. 405: the server forbids it. */
  | { readonly type: 'migration-failed'; readonly statusCode: number | undefined; readonly reason: string }
  /** There is no allocation, or none any more. */
  | { readonly type: 'failed'; readonly error: TurnError }
  /** `close` has been carried out. */
  | { readonly type: 'closed' };

/** A family of which there is no relayed address. */
export interface RefusedFamily {
  readonly family: TransportAddress['family'];
  readonly statusCode: number;
  readonly reason: string;
}
