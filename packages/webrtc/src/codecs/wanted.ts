/** The codecs that one side wants in a section: capabilities or preferences, with their RTCP feedback. */
import { domError } from '../errors.ts';
import type { CodecParameters } from '../media/negotiated.ts';
import { canonicalMimeType, codecCapabilities, type RTCRtpCodec } from './capabilities.ts';
import { equalCodec, isCodec, isMediaCodec } from './match.ts';

/** A codec that has no payload type yet. `rtx` stands once for all that can be retransmitted. */
export type WantedCodec = Omit<CodecParameters, 'payloadType'>;

/** What `wantedCodecs` takes. */
export interface WantedOptions {
  /** As `setCodecPreferences` took them; none or empty: all capabilities. */
  readonly preferences?: readonly RTCRtpCodec[] | undefined;
  /** Whether audio asks for lost packets again (`nack`). Default false. */
  readonly audioNack?: boolean | undefined;
  /** Whether congestion control feedback of RFC 8888 (`ack ccfb`) may be used. Default false. */
  readonly congestionFeedback?: boolean | undefined;
}

/** The codecs wanted, best first. Without preferences those of `codecCapabilities`. */
export function wantedCodecs(kind: 'audio' | 'video', options: WantedOptions = {}): readonly WantedCodec[] {
  const { preferences = [] } = options;
  const codecs = preferences.length === 0 ? codecCapabilities(kind) : preferences;
  return codecs.map((codec) => ({ ...codec, rtcpFeedback: feedbackOf(kind, codec, options) }));
}

/** What an offer has of the codecs wanted: FlexFEC costs bandwidth at once, so it is only offered when asked for. */
export function offeredCodecs(kind: 'audio' | 'video', options: WantedOptions = {}): readonly WantedCodec[] {
  const all = wantedCodecs(kind, options);
  return (options.preferences ?? []).length > 0 ? all : all.filter((codec) => !isCodec(codec, 'flexfec-03'));
}

/**
 * The preferences that `setCodecPreferences` keeps (W3C WebRTC §5.4.2): known codecs, each once, and not only such as carry no
 * media. An empty list stands for the default. Throws InvalidModificationError.
 */
export function checkCodecPreferences(kind: 'audio' | 'video', codecs: readonly RTCRtpCodec[]): readonly RTCRtpCodec[] {
  const known = codecCapabilities(kind);
  const kept: RTCRtpCodec[] = [];
  for (const codec of codecs) {
    if (!known.some((each) => equalCodec(each, codec, true)))
      throw domError('InvalidModificationError', `${codec.mimeType} ${codec.sdpFmtpLine ?? ''} is not a capability`);
    if (!kept.some((each) => equalCodec(each, codec))) kept.push(canonical(codec));
  }
  if (kept.length > 0 && !kept.some((codec) => isMediaCodec(codec) || isCodec(codec, 'telephone-event')))
    throw domError('InvalidModificationError', 'none of the codecs carries media');
  return kept;
}

/** A copy with nothing but what belongs to a codec. */
function canonical({ mimeType, clockRate, channels, sdpFmtpLine = '' }: RTCRtpCodec): RTCRtpCodec {
  return {
    mimeType: canonicalMimeType(mimeType),
    clockRate,
    ...(channels !== undefined && { channels }),
    ...(sdpFmtpLine !== '' && { sdpFmtpLine }),
  };
}

function feedbackOf(
  kind: 'audio' | 'video',
  codec: RTCRtpCodec,
  { audioNack = false, congestionFeedback = false }: WantedOptions,
): WantedCodec['rtcpFeedback'] {
  const ccfb = congestionFeedback ? [CCFB] : [];
  if (kind === 'audio') {
    if (isCodec(codec, 'opus')) return [TRANSPORT_CC, ...ccfb, ...(audioNack ? [NACK] : []), RRTR];
    return ccfb;
  }
  if (isCodec(codec, 'flexfec-03')) return [REMB, TRANSPORT_CC, ...ccfb];
  if (!isMediaCodec(codec)) return ccfb;
  return [REMB, TRANSPORT_CC, ...ccfb, FIR, NACK, PLI, RRTR];
}

const REMB = { type: 'goog-remb' };
/** Receivers that send nothing learn the round trip, too: XR with reference times (RFC 3611 §4.4, §4.5). */
const RRTR = { type: 'rrtr' };
const TRANSPORT_CC = { type: 'transport-cc' };
const CCFB = { type: 'ack', parameter: 'ccfb' };
const FIR = { type: 'ccm', parameter: 'fir' };
const NACK = { type: 'nack' };
const PLI = { type: 'nack', parameter: 'pli' };
