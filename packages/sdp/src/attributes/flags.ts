/** Attributes without a value. */
import type { AttributeCodec } from '../codec.ts';
import { flag } from './flag.ts';

/** `a=bundle-only`: use this section only as part of its bundle (RFC 9143 §6). */
export const bundleOnly: AttributeCodec<true> = flag('bundle-only');
/** `a=end-of-candidates`: no further candidates will follow (RFC 8840 §8.2). */
export const endOfCandidates: AttributeCodec<true> = flag('end-of-candidates');
/** `a=extmap-allow-mixed`: one-byte and two-byte header extensions may be mixed in a stream (RFC 8285 §6). */
export const extmapAllowMixed: AttributeCodec<true> = flag('extmap-allow-mixed');
/** `a=ice-lite`: the sender is an ICE-lite agent (RFC 8839 §5.3). */
export const iceLite: AttributeCodec<true> = flag('ice-lite');
/** `a=ice-mismatch`: the default destination was not among the candidates (RFC 8839 §5.3). */
export const iceMismatch: AttributeCodec<true> = flag('ice-mismatch');
/** `a=rtcp-mux`: RTCP may share the port of RTP (RFC 5761 §5.1.1). */
export const rtcpMux: AttributeCodec<true> = flag('rtcp-mux');
/** `a=rtcp-mux-only`: RTCP must share the port of RTP (RFC 8858 §4). */
export const rtcpMuxOnly: AttributeCodec<true> = flag('rtcp-mux-only');
/** `a=rtcp-rsize`: reduced-size RTCP may be sent (RFC 5506 §5). */
export const rtcpRsize: AttributeCodec<true> = flag('rtcp-rsize');
/** `a=cryptex`: header extensions and CSRCs may be encrypted (RFC 9335 §4). */
export const cryptex: AttributeCodec<true> = flag('cryptex');
