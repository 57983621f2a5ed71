import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isWord } from '../codec.ts';
import type { Direction } from './direction.ts';

/** A header extension and the id that stands for it. */
export interface ExtMap {
  /** 1 to 14 fit one-byte headers, up to 255 two-byte ones; 4096 to 4351 are proposals without an id yet. */
  readonly id: number;
  /** Default: as the section's. */
  readonly direction?: Direction | undefined;
  readonly uri: string;
  /** Whatever the extension adds, as it is written. */
  readonly attributes?: string | undefined;
}

/** `a=extmap` (RFC 8285 §5, §8). */
export const extmap: AttributeCodec<ExtMap> = {
  name: 'extmap',
  decode(value) {
    const [head = '', uri, ...rest] = value.split(' ');
    const [idText, directionText, ...more] = head.split('/');
    const id = decimal(idText, 4351);
    const direction = DIRECTIONS.find((each) => each === directionText);
    const attributes = rest.join(' ');
    if (id === undefined || id === 0 || !isWord(uri) || more.length > 0) return MALFORMED;
    if (directionText !== undefined && direction === undefined) return MALFORMED;
    return { id, ...(direction && { direction }), uri, ...(attributes !== '' && { attributes }) };
  },
  encode({ id, direction, uri, attributes }) {
    const head = direction === undefined ? id : `${id}/${direction}`;
    return attributes === undefined ? `${head} ${uri}` : `${head} ${uri} ${attributes}`;
  },
};

const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
