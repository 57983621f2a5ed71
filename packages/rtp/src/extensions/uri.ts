/** The URIs by which SDP names header extensions (`a=extmap`). */
export const EXTENSION_URI = {
  /** RFC 9143 §15.1. */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** RFC 8852 §4.1. */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** RFC 8852 §4.2. */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01. */
  transportSequenceNumber: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** The same with requests for feedback, by libwebrtc. */
  transportSequenceNumberV2: 'http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02',
  /** libwebrtc. */
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  /** libwebrtc. */
  absCaptureTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  /** RFC 6464. */
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  /** RFC 6465. */
  mixerAudioLevels: 'urn:ietf:params:rtp-hdrext:csrc-audio-level',
  /** 3GPP TS 26.114 §7.4.5. */
  videoOrientation: 'urn:3gpp:video-orientation',
  /** libwebrtc. */
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  /** libwebrtc. */
  videoContentType: 'http://www.webrtc.org/experiments/rtp-hdrext/video-content-type',
  /** libwebrtc. */
  videoTiming: 'http://www.webrtc.org/experiments/rtp-hdrext/video-timing',
  /** libwebrtc. */
  colorSpace: 'http://www.webrtc.org/experiments/rtp-hdrext/color-space',
  /** libwebrtc. */
  videoLayersAllocation: 'http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00',
  /** AV1 RTP payload specification, appendix A. */
  dependencyDescriptor: 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
  /** libwebrtc; draft-sprang-avtcore-corruption-detection. */
  corruptionDetection: 'http://www.webrtc.org/experiments/rtp-hdrext/corruption-detection',
  /** RFC 5450. */
  transmissionOffset: 'urn:ietf:params:rtp-hdrext:toffset',
} as const;

/** The name of an extension that this package reads and writes. */
export type ExtensionName = keyof typeof EXTENSION_URI;
