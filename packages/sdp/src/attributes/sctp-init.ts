import type { AttributeCodec } from '../codec.ts';
import { text } from './text.ts';

/** `a=sctp-init`: the sender's INIT chunk in base64, which saves SCTP's own handshake (draft-hancke-tsvwg-snap). */
export const sctpInit: AttributeCodec<string> = text('sctp-init', /^[A-Za-z0-9+/]+={0,2}$/);
