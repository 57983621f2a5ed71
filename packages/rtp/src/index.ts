export { encodeRtp, type RtpHeader, type RtpPacketInit, rtpLength, writeRtpHeader } from './encode.ts';
export { RtpError, type RtpErrorCode } from './errors.ts';
export { type ExtensionElement, ExtensionLayout, type ExtensionLayoutOptions } from './extension-layout.ts';
export * from './extensions/index.ts';
export { compactNtp, compactNtpToMilliseconds, type NtpTime, ntpMiddle32, ntpTime, ntpToWallClock } from './ntp.ts';
export { decodeRtp, isRtcp, parseRtp, RtpPacket } from './packet.ts';
export { generateSsrc } from './ssrc.ts';
export { SequenceUnwrapper, TimestampUnwrapper } from './unwrap.ts';
