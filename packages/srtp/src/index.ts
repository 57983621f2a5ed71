export type { SrtpCounters } from './counters.ts';
export { portableCrypto, type SrtpCrypto } from './crypto.ts';
export {
  SRTP_KEY_EXPIRED,
  SRTP_MALFORMED,
  SRTP_NOT_AUTHENTIC,
  SRTP_NOT_CRYPTEX,
  SRTP_REPLAYED,
  SRTP_UNKNOWN_KEY,
  SrtpError,
  type SrtpErrorCode,
} from './errors.ts';
export type { CryptexMode, SrtpMasterKey, SrtpMki, SrtpSessionOptions } from './options.ts';
export {
  exporterLength,
  keysFromExporter,
  SRTP_EXPORTER_LABEL,
  SRTP_PROFILES,
  type SrtpKeys,
  type SrtpProfile,
  type SrtpProfileName,
  srtpProfile,
} from './profiles.ts';
export { ReplayWindow } from './replay-window.ts';
export { SrtpSession } from './session.ts';
export type { SrtpDirection } from './streams.ts';
