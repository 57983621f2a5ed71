/** The format parameters of an answer. */
import { levelOf, withLevelOf } from './h264.ts';
import { type CodecIdentity, parametersOf } from './match.ts';

/**
 * The `a=fmtp` of an answer for a codec of ours that `sameCodec` found in the offer: ours, with the lower level where levels
 * must be the same in both directions. Undefined: none is written.
 */
export function answerParameters(own: CodecIdentity, offered: CodecIdentity): string | undefined {
  const name = own.mimeType.toLowerCase();
  if (name === 'video/h264') return answerH264(own, offered);
  if (name === 'video/h265') return answerH265(own, offered);
  return own.sdpFmtpLine;
}

/** RFC 6184 §8.2.2: without level-asymmetry-allowed=1 on both sides the answer may not go above the offer. */
function answerH264(own: CodecIdentity, offered: CodecIdentity): string | undefined {
  const [ours, theirs] = [parametersOf(own), parametersOf(offered)];
  const id = ours.get('profile-level-id');
  const other = theirs.get('profile-level-id');
  const asymmetric = ours.get('level-asymmetry-allowed') === '1' && theirs.get('level-asymmetry-allowed') === '1';
  const [level, limit] = [levelOf(id), levelOf(other)];
  const parameters = new Map(ours);
  if (!theirs.has('level-asymmetry-allowed')) parameters.delete('level-asymmetry-allowed');
  if (id !== undefined) {
    // The profile is repeated as the offer spelled it.
    const spelled = other === undefined ? id : withLevelOf(other, id);
    const lower = !asymmetric && other !== undefined && level !== undefined && limit !== undefined && limit < level;
    parameters.set('profile-level-id', lower ? other : spelled);
  }
  return write(parameters);
}

/** RFC 7798 §7.2.2: the level may be lowered, not raised. */
function answerH265(own: CodecIdentity, offered: CodecIdentity): string | undefined {
  const parameters = new Map(parametersOf(own));
  const level = Number(parameters.get('level-id') ?? DEFAULT_H265_LEVEL);
  const offeredLevel = Number(parametersOf(offered).get('level-id') ?? DEFAULT_H265_LEVEL);
  if (Number.isInteger(offeredLevel) && offeredLevel > 0 && offeredLevel < level)
    parameters.set('level-id', String(offeredLevel));
  return write(parameters);
}

function write(parameters: ReadonlyMap<string, string>): string | undefined {
  return parameters.size === 0
    ? undefined
    : [...parameters].map(([name, value]) => (name === '' ? value : `${name}=${value}`)).join(';');
}

/** Level 3.1 (RFC 7798 §7.1). */
const DEFAULT_H265_LEVEL = '93';
