import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, isWord } from '../codec.ts';

/** The stream and the track that a section sends. */
export interface Msid {
  /** `-` for a track in no stream. */
  readonly stream: string;
  /** Left out by newer peers, since the mid says as much. */
  readonly track?: string | undefined;
}

/** `a=msid` (RFC 8830 §2). */
export const msid: AttributeCodec<Msid> = {
  name: 'msid',
  decode(value) {
    const [stream, track, ...more] = value.split(' ');
    if (!isWord(stream) || more.length > 0) return MALFORMED;
    if (track === undefined) return { stream };
    return isWord(track) ? { stream, track } : MALFORMED;
  },
  encode: ({ stream, track }) => (track === undefined ? stream : `${stream} ${track}`),
};
