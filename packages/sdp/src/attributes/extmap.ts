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
    const space = value.indexOf(' ');
    if (space < 0) return MALFORMED;
    const next = value.indexOf(' ', space + 1);
    const slash = value.lastIndexOf('/', space);
    const id = decimal(value.slice(0, slash < 0 ? space : slash), 4351);
    const uri = next < 0 ? value.slice(space + 1) : value.slice(space + 1, next);
    if (id === undefined || id === 0 || !isWord(uri)) return MALFORMED;
    const attributes = next < 0 ? '' : value.slice(next + 1);
    if (slash < 0) return attributes === '' ? { id, uri } : { id, uri, attributes };
    const text = value.slice(slash + 1, space);
    const direction = DIRECTIONS.find((each) => each === text);
    if (direction === undefined) return MALFORMED;
    return attributes === '' ? { id, direction, uri } : { id, direction, uri, attributes };
  },
  encode({ id, direction, uri, attributes }) {
    const head = direction === undefined ? id : `${id}/${direction}`;
    return attributes === undefined ? `${head} ${uri}` : `${head} ${uri} ${attributes}`;
  },
};

const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
