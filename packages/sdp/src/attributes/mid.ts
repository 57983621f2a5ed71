import type { AttributeCodec } from '../codec.ts';
import { text } from './text.ts';

/** `a=mid`: the name of a media section, a token (RFC 5888 §4). */
export const mid: AttributeCodec<string> = text('mid', /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/);
