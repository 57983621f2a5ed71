import type { CodecParameters, ExtensionParameters } from '../negotiated.ts';
import type { RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters } from './types.ts';

/** Codecs as `getParameters` shows them. */
export function mediaCodecParameters(codecs: readonly CodecParameters[]): RTCRtpCodecParameters[] {
  return codecs.map(({ payloadType, mimeType, clockRate, channels, sdpFmtpLine }) => ({
    payloadType,
    mimeType,
    clockRate,
    ...(channels === undefined ? {} : { channels }),
    ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }),
  }));
}

/** Header extensions as `getParameters` shows them. */
export function extensionParameters(extensions: readonly ExtensionParameters[]): RTCRtpHeaderExtensionParameters[] {
  return extensions.map(({ id, uri, encrypted }) => ({ id, uri, encrypted }));
}
