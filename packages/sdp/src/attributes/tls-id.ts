import type { AttributeCodec } from '../codec.ts';
import { text } from './text.ts';

/** `a=tls-id`: names a DTLS association, so that a new one can be told; 20 to 255 characters (RFC 8842 §4). */
export const tlsId: AttributeCodec<string> = text('tls-id', /^[A-Za-z0-9+/\-_]{20,255}$/);
