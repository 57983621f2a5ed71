/* extended_master_secret (RFC 7627 §5.1): empty. */
import { EXTENSION_TYPE, type Extension } from './extension.ts';

export function encodeExtendedMasterSecret(): Extension {
  return { type: EXTENSION_TYPE.extendedMasterSecret, data: new Uint8Array(0) };
}
