import type { MediaDescription } from '@kaon/sdp';
import { offeredCodecs, type WantedOptions } from '../codecs/wanted.ts';
import type { Description } from '../jsep/description.ts';
import { answerMedia } from '../jsep/media/answer.ts';
import { assignExtensionIds, type ExtensionIds, mayExceedOneByte, sends } from '../jsep/media/extension-ids.ts';
import { layersOfEncodings } from '../jsep/media/layers.ts';
import { makeMediaSection } from '../jsep/media/make-section.ts';
import { assignPayloadTypes, type PayloadTypes } from '../jsep/media/payload-types.ts';
import { readMediaSection } from '../jsep/media/read-section.ts';
import type { LocalMedia, RemoteMedia } from '../jsep/media/types.ts';
import type { SectionPlan } from '../jsep/offer-answer.ts';
import { senderInternals } from '../media/sender.ts';
import { type RTCRtpTransceiver, transceiverInternals } from './transceiver.ts';

/** A media section of ours in the making, and whose it is. */
export interface MediaSectionPlan extends SectionPlan {
  readonly transceiver: RTCRtpTransceiver;
}

/** What numbers mean all over the connection. */
export interface Numbers {
  readonly payloadTypes: PayloadTypes;
  readonly extensionIds: ExtensionIds;
}

/** RTCP feedback that is negotiated besides the usual. */
export type FeedbackWishes = Pick<WantedOptions, 'audioNack' | 'congestionFeedback'>;

/** A section of an offer. `agreed` is the section as it was in our last description. */
export function offerPlan(
  transceiver: RTCRtpTransceiver,
  mid: string,
  agreed: RemoteMedia | undefined,
  before: MediaDescription | undefined,
  { payloadTypes, extensionIds }: Numbers,
  feedback: FeedbackWishes,
): MediaSectionPlan {
  const state = transceiverInternals.state(transceiver);
  const { kind, direction, preferences, headerExtensions } = state;
  const sender = senderInternals.facts(state.sender);
  const local: LocalMedia = {
    ...senderPart(transceiver),
    kind,
    mid,
    direction,
    codecs: assignPayloadTypes(offeredCodecs(kind, { preferences, ...feedback }), payloadTypes, agreed?.codecs),
    headerExtensions: assignExtensionIds(
      headerExtensions,
      extensionIds,
      mayExceedOneByte(kind, headerExtensions, extensionIds),
    ),
    extmapAllowMixed: true,
    sendLayers: sends(direction) ? layersOfEncodings(sender.encodings) : [],
    // What the peer was asked for goes on.
    receiveLayers: agreed?.receiveLayers ?? [],
    rtcpMuxOnly: true,
  };
  const make: SectionPlan['make'] = ({ init, bundleOnly }) =>
    makeMediaSection({ ...local, transport: init, bundleOnly });
  return { kind, mid, make, before, transceiver };
}

/** A section of an answer; undefined when it has to be refused. */
export function answerPlan(
  transceiver: RTCRtpTransceiver,
  remote: RemoteMedia,
  before: MediaDescription,
  feedback: FeedbackWishes,
): MediaSectionPlan | undefined {
  const { kind, direction, preferences, headerExtensions, headerExtensionsGiven, sender, stopping } =
    transceiverInternals.state(transceiver);
  // Only DTLS makes keys, and only one port is used for RTP and RTCP (RFC 8829 §4.1.1).
  if (stopping || !remote.rtcpMux || !remote.protocol.includes('/TLS/')) return undefined;
  const rids = senderInternals.facts(sender).encodings.flatMap(({ rid }) => rid ?? []);
  const answered = answerMedia(remote, {
    direction,
    preferences,
    headerExtensions: headerExtensionsGiven ? headerExtensions : undefined,
    rids,
    ...feedback,
  });
  if (answered.rejected) return undefined;
  const local: LocalMedia = { ...senderPart(transceiver), ...answered };
  const mid = remote.mid;
  return { kind, mid, make: ({ init }) => makeMediaSection({ ...local, transport: init }), before, transceiver };
}

/** A media section of a description by its mid, read. */
export function sectionByMid(description: Description | undefined, mid: string): RemoteMedia | undefined {
  return description === undefined ? undefined : sectionAt(description, description.indexOf(mid));
}

/** A media section of a description, read; undefined when there is none in that place. */
export function sectionAt({ session }: Description, index: number): RemoteMedia | undefined {
  const media = session.media[index];
  return media === undefined ? undefined : readMediaSection(session, media);
}

/** Whether a section is one for audio or video. */
export function isMedia(media: MediaDescription): boolean {
  return media.kind === 'audio' || media.kind === 'video';
}

function senderPart(transceiver: RTCRtpTransceiver): Pick<LocalMedia, 'streamIds' | 'trackId' | 'encodings' | 'cname'> {
  const { streamIds, trackId, encodings, cname } = senderInternals.facts(transceiver.sender);
  return { streamIds, trackId, encodings, cname };
}
