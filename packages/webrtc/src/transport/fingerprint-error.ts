import type { CodedError } from '@kaon/interface/core/v1';

/** The peer's certificate is not the one that its description promised: whoever answered is not whom we were told of. */
export class FingerprintError extends Error implements CodedError {
  override readonly name = 'FingerprintError';
  readonly code = 'WEBRTC_FINGERPRINT_MISMATCH';

  constructor() {
    super("the peer's certificate does not match any a=fingerprint of its description");
  }
}
