/** The table of all attribute codecs, by name. */
import { candidate } from './attributes/candidate.ts';
import { framerate, maxptime, ptime } from './attributes/decimals.ts';
import { directions } from './attributes/direction.ts';
import { extmap } from './attributes/extmap.ts';
import { fingerprint } from './attributes/fingerprint.ts';
import {
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
import { fmtp } from './attributes/fmtp.ts';
import { group } from './attributes/group.ts';
import { icePwd, iceUfrag } from './attributes/ice-credentials.ts';
import { iceOptions } from './attributes/ice-options.ts';
import { imageattr } from './attributes/imageattr.ts';
import { mid } from './attributes/mid.ts';
import { msid } from './attributes/msid.ts';
import { msidSemantic } from './attributes/msid-semantic.ts';
import { icePacing, maxMessageSize, sctpPort } from './attributes/numbers.ts';
import { remoteCandidates } from './attributes/remote-candidates.ts';
import { rid } from './attributes/rid.ts';
import { rtcp } from './attributes/rtcp.ts';
import { rtcpFb } from './attributes/rtcp-fb.ts';
import { rtcpXr } from './attributes/rtcp-xr.ts';
import { rtpmap } from './attributes/rtpmap.ts';
import { sctpInit } from './attributes/sctp-init.ts';
import { sctpmap } from './attributes/sctpmap.ts';
import { setup } from './attributes/setup.ts';
import { simulcast } from './attributes/simulcast.ts';
import { ssrc } from './attributes/ssrc.ts';
import { ssrcGroup } from './attributes/ssrc-group.ts';
import { tlsId } from './attributes/tls-id.ts';
import type { AttributeCodec } from './codec.ts';

/** The codec of an attribute by its name; undefined for one that is not known. */
export function codecFor(name: string): AttributeCodec<unknown> | undefined {
  return BY_NAME.get(name);
}

/** Every codec of this package. */
export const codecs: readonly AttributeCodec<unknown>[] = [
  bundleOnly,
  candidate,
  cryptex,
  ...directions,
  endOfCandidates,
  extmap,
  extmapAllowMixed,
  fingerprint,
  fmtp,
  framerate,
  group,
  iceLite,
  iceMismatch,
  iceOptions,
  icePacing,
  icePwd,
  iceUfrag,
  imageattr,
  maxMessageSize,
  maxptime,
  mid,
  msid,
  msidSemantic,
  ptime,
  remoteCandidates,
  rid,
  rtcp,
  rtcpFb,
  rtcpMux,
  rtcpMuxOnly,
  rtcpRsize,
  rtcpXr,
  rtpmap,
  sctpInit,
  sctpPort,
  sctpmap,
  setup,
  simulcast,
  ssrc,
  ssrcGroup,
  tlsId,
];

const BY_NAME: ReadonlyMap<string, AttributeCodec<unknown>> = new Map(codecs.map((codec) => [codec.name, codec]));
