/* renegotiation_info (RFC 5746 §3.2): opaque renegotiated_connection<0..255>, empty in a first handshake. */
import { EXTENSION_TYPE, type Extension } from './extension.ts';

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV: the same statement as a cipher suite (RFC 5746 §3.3). */
export const RENEGOTIATION_SCSV = 0x00ff;

/** Whether the data is that of a first handshake; anything else there is an attack or a bug (RFC 5746 §3.4). */
export function isEmptyRenegotiationInfo(data: Uint8Array): boolean {
  return data.length === 1 && data[0] === 0;
}

export function encodeRenegotiationInfo(): Extension {
  return { type: EXTENSION_TYPE.renegotiationInfo, data: Uint8Array.of(0) };
}
