/** Why a name was not resolved. */
export type UnresolvedReason =
  /** It is none that is asked for: see `anyName`. */
  | 'name'
  /** Nobody answered in time. */
  | 'timeout'
  /** Too many names are being asked for. */
  | 'too-many';

/** What an `MdnsEndpoint` has to say. */
export type MdnsEvent =
  /** The addresses of a name: at least one, numeric, in the order in which they came. */
  | { readonly type: 'resolved'; readonly name: string; readonly addresses: readonly string[] }
  /** A name has no address. It may be asked for again. */
  | { readonly type: 'unresolved'; readonly name: string; readonly reason: UnresolvedReason }
  /** Terminal: `close` was called, and what was to be said has been sent. */
  | { readonly type: 'closed' };
