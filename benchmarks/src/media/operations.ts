/** What is measured one by one in a worker. */
export interface OperationRow {
  /** As the workers know it. */
  readonly id: string;
  readonly title: string;
  /** Operations per second that webrtc_dart's authors published for theirs. */
  readonly published?: number;
}

/** Operations that share a process, in the order of the table. */
export interface OperationGroup {
  readonly title: string;
  readonly rows: readonly OperationRow[];
}

const PROFILES = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'];
const SIZES = [200, 1200];
const CODECS = { opus: 'Opus', vp8: 'VP8', vp9: 'VP9', h264: 'H.264', h265: 'H.265', av1: 'AV1' };

export const OPERATION_GROUPS: readonly OperationGroup[] = [
  {
    title: 'RTP',
    rows: [
      { id: 'rtp-parse', title: 'RTP, parse', published: 3_500_000 },
      { id: 'rtp-serialize', title: 'RTP, serialize 1,200 bytes into new memory', published: 4_800_000 },
      { id: 'rtp-write', title: 'RTP, serialize 1,200 bytes into given memory' },
      { id: 'extension-read', title: 'RTP, parse and read three header extensions' },
      { id: 'extension-write', title: 'RTP, serialize 1,200 bytes with three header extensions' },
    ],
  },
  {
    title: 'RTCP',
    rows: [
      { id: 'report-decode', title: 'RTCP, decode SR and SDES' },
      { id: 'report-encode', title: 'RTCP, encode SR and SDES' },
      { id: 'twcc-decode', title: 'RTCP, decode transport feedback on 100 packets' },
      { id: 'twcc-encode', title: 'RTCP, encode transport feedback on 100 packets' },
      { id: 'nack-decode', title: 'RTCP, decode NACK' },
      { id: 'nack-encode', title: 'RTCP, encode NACK' },
    ],
  },
  {
    title: 'Payloads',
    rows: [
      ...Object.entries(CODECS).flatMap(([codec, name]) => [
        { id: `depacketize-${codec}`, title: `${name}, packets into frames` },
        { id: `packetize-${codec}`, title: `${name}, frames into packets` },
      ]),
      { id: 'depacketize-h264-single', title: 'H.264, a packet of 500 bytes into a frame', published: 2_900_000 },
    ],
  },
  {
    title: 'SRTP',
    rows: [
      ...PROFILES.flatMap((profile) =>
        SIZES.flatMap((size) =>
          ['protect', 'unprotect'].map((action) => ({
            id: `${action}-${profile}-${size}`,
            title: `SRTP, ${action} ${size.toLocaleString('en')} bytes, ${profile}`,
          })),
        ),
      ),
      { id: 'replay-window', title: 'SRTP, replay window of 1,024', published: 71_000_000 },
    ],
  },
  {
    title: 'Signaling',
    rows: [
      { id: 'sdp-short', title: 'SDP, parse 99 lines (Safari)', published: 67_000 },
      { id: 'sdp-long', title: 'SDP, parse 177 lines (Chromium)' },
      { id: 'candidate-host', title: 'ICE, parse a host candidate', published: 13_000_000 },
      { id: 'candidate-reflexive', title: 'ICE, parse a server reflexive candidate' },
      { id: 'stun', title: 'STUN, parse a binding request', published: 1_200_000 },
    ],
  },
];
