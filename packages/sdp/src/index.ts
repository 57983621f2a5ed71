export { candidate } from './attributes/candidate.ts';
export { framerate, maxptime, ptime } from './attributes/decimals.ts';
export { type Direction, directionAttribute, readDirection, reverseDirection } from './attributes/direction.ts';
export { type ExtMap, extmap } from './attributes/extmap.ts';
export { type Fingerprint, fingerprint } from './attributes/fingerprint.ts';
export {
  bundleOnly,
  cryptex,
  endOfCandidates,
  extmapAllowMixed,
  iceLite,
  iceMismatch,
  rtcpMux,
  rtcpMuxOnly,
  rtcpRsize,
} from './attributes/flags.ts';
export { type Fmtp, fmtp, formatParameters } from './attributes/fmtp.ts';
export { type Group, group } from './attributes/group.ts';
export { icePwd, iceUfrag } from './attributes/ice-credentials.ts';
export { iceOptions } from './attributes/ice-options.ts';
export { type ImageAttributes, imageattr } from './attributes/imageattr.ts';
export { mid } from './attributes/mid.ts';
export { type Msid, msid } from './attributes/msid.ts';
export { type MsidSemantic, msidSemantic } from './attributes/msid-semantic.ts';
export { icePacing, maxMessageSize, sctpPort } from './attributes/numbers.ts';
export { type RemoteCandidate, remoteCandidates } from './attributes/remote-candidates.ts';
export { type Rid, rid } from './attributes/rid.ts';
export { type Rtcp, rtcp } from './attributes/rtcp.ts';
export { type RtcpFeedback, rtcpFb } from './attributes/rtcp-fb.ts';
export { rtcpXr } from './attributes/rtcp-xr.ts';
export { type RtpMap, rtpmap } from './attributes/rtpmap.ts';
export { sctpInit } from './attributes/sctp-init.ts';
export { type SctpMap, sctpmap } from './attributes/sctpmap.ts';
export { type Setup, setup } from './attributes/setup.ts';
export { type Simulcast, type SimulcastStream, type SimulcastStreams, simulcast } from './attributes/simulcast.ts';
export { type Ssrc, ssrc } from './attributes/ssrc.ts';
export { type SsrcGroup, ssrcGroup } from './attributes/ssrc-group.ts';
export { tlsId } from './attributes/tls-id.ts';
export { codecFor, codecs } from './attributes.ts';
export {
  ANY_ADDRESS,
  candidateAttribute,
  type DataSectionInit,
  dataSection,
  type SessionInit,
  sessionDescription,
  type TransportInit,
  transportAttributes,
  withAttributes,
  withMedia,
  withoutAttribute,
} from './build.ts';
export { type AttributeCodec, makeAttribute, readAttribute, readAttributes, readInherited } from './codec.ts';
export { SdpError, type SdpErrorCode, type SdpSyntaxError } from './errors.ts';
export { type MediaSectionInit, mediaSection } from './media-section.ts';
export type {
  Attribute,
  Bandwidth,
  Connection,
  MediaDescription,
  Origin,
  Section,
  SessionDescription,
  Time,
} from './model.ts';
export { decodeSdp, type ParseOptions, parseSdp } from './parse.ts';
export {
  isDataSection,
  isRejected,
  readBandwidth,
  readCandidates,
  readEndOfCandidates,
  readFingerprints,
  readGroups,
  readIceCredentials,
  readIceLite,
  readIceOptions,
  readMaxMessageSize,
  readMid,
  readSctpPort,
  readSetup,
  readTlsId,
} from './read.ts';
export { type RtpCodec, readRtpCodecs } from './rtp-codecs.ts';
export { attributeValue, attributeValues, hasAttribute } from './section.ts';
export { serializeSdp } from './serialize.ts';
