/** When two descriptions of a codec mean the same one. */
import { formatParameters } from '@kaon/sdp';
import { profileOf } from './h264.ts';

/** As much of a codec as tells which one it is. */
export interface CodecIdentity {
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number | undefined;
  readonly sdpFmtpLine?: string | undefined;
}

/**
 * Whether one side's codec can be answered with the other's: name, rate, channels, and of the parameters those that make two
 * streams incompatible. Levels may differ (RFC 6184 §8.2.2, RFC 7798 §7.2.2, AV1 RTP §7.2.3). `rtx` and `red` are compared
 * without the codecs they refer to.
 */
export function sameCodec(a: CodecIdentity, b: CodecIdentity): boolean {
  if (!sameFormat(a, b)) return false;
  const compare = COMPATIBLE.get(a.mimeType.toLowerCase());
  return compare === undefined || compare(parametersOf(a), parametersOf(b));
}

/**
 * Whether two codecs are equal to the letter, but for letter case and the order of parameters; with `ignoreLevels` also but for
 * the level (W3C WebRTC §5.2.7, "codec match").
 */
export function equalCodec(a: CodecIdentity, b: CodecIdentity, ignoreLevels: boolean = false): boolean {
  if (!sameFormat(a, b)) return false;
  const [left, right] = [a, b].map((codec) => (ignoreLevels ? withoutLevel(codec) : parametersOf(codec))) as [
    Parameters,
    Parameters,
  ];
  return left.size === right.size && [...left].every(([name, value]) => right.get(name) === value);
}

/** `minptime=10;useinbandfec=1` as a map; names in lower case. What has no name stands under ''. */
export function parametersOf({ sdpFmtpLine }: Pick<CodecIdentity, 'sdpFmtpLine'>): ReadonlyMap<string, string> {
  return new Map(formatParameters(sdpFmtpLine ?? ''));
}

/** The payload type that an `rtx` retransmits (RFC 4588 §8.6); undefined when it does not say. */
export function aptOf(codec: Pick<CodecIdentity, 'sdpFmtpLine'>): number | undefined {
  const text = parametersOf(codec).get('apt') ?? '';
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : undefined;
}

/** Whether it is the codec of that name, of audio or video. */
export function isCodec({ mimeType }: Pick<CodecIdentity, 'mimeType'>, name: string): boolean {
  return mimeType.slice(mimeType.indexOf('/') + 1).toLowerCase() === name.toLowerCase();
}

/** Whether it carries media by itself: not retransmission, redundancy, repair, comfort noise or tones. */
export function isMediaCodec(codec: Pick<CodecIdentity, 'mimeType'>): boolean {
  return !AUXILIARY.some((name) => isCodec(codec, name));
}

function sameFormat(a: CodecIdentity, b: CodecIdentity): boolean {
  const channels = ({ mimeType, channels = 1 }: CodecIdentity): number =>
    mimeType.toLowerCase().startsWith('audio/') ? channels : 1;
  return (
    a.mimeType.toLowerCase() === b.mimeType.toLowerCase() && a.clockRate === b.clockRate && channels(a) === channels(b)
  );
}

function withoutLevel(codec: CodecIdentity): Parameters {
  const parameters = new Map(parametersOf(codec));
  const id = parameters.get('profile-level-id');
  if (isCodec(codec, 'H264') && id !== undefined) parameters.set('profile-level-id', profileOf(id) ?? id);
  if (isCodec(codec, 'H265')) parameters.delete('level-id');
  if (isCodec(codec, 'AV1')) for (const name of ['level-idx', 'tier']) parameters.delete(name);
  return parameters;
}

type Parameters = ReadonlyMap<string, string>;

/** The values are equal, where one that is left out has the default. */
const equal =
  (defaults: Readonly<Record<string, string>>) =>
  (a: Parameters, b: Parameters): boolean =>
    Object.entries(defaults).every(([name, value]) => (a.get(name) ?? value) === (b.get(name) ?? value));

/** What may not differ, by codec. */
const COMPATIBLE: ReadonlyMap<string, (a: Parameters, b: Parameters) => boolean> = new Map([
  [
    'video/h264',
    (a: Parameters, b: Parameters): boolean => {
      const profile = profileOf(a.get('profile-level-id'));
      return (
        profile !== undefined &&
        profile === profileOf(b.get('profile-level-id')) &&
        equal({ 'packetization-mode': '0' })(a, b)
      );
    },
  ],
  // RFC 9628 §6
  ['video/vp9', equal({ 'profile-id': '0' })],
  // AV1 RTP §7.1: a tier only has a meaning at level-idx 8 and above, and there it is part of the level.
  ['video/av1', equal({ profile: '0' })],
  // RFC 7798 §7.1, and tx-mode by §7.2.2
  ['video/h265', equal({ 'profile-space': '0', 'profile-id': '1', 'tier-flag': '0', 'tx-mode': 'SRST' })],
]);

const AUXILIARY = ['rtx', 'red', 'ulpfec', 'flexfec-03', 'flexfec', 'CN', 'telephone-event'] as const;
