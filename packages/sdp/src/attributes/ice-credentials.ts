/** `a=ice-ufrag` and `a=ice-pwd` (RFC 8839 §5.4). */
import type { AttributeCodec } from '../codec.ts';
import { text } from './text.ts';

// The RFC has letters, digits, + and /; some peers write base64url or padding, which does no harm.

/** 4 to 256 characters. */
export const iceUfrag: AttributeCodec<string> = text('ice-ufrag', /^[A-Za-z0-9+/=_#-]{4,256}$/);
/** 22 to 256 characters. */
export const icePwd: AttributeCodec<string> = text('ice-pwd', /^[A-Za-z0-9+/=_#-]{22,256}$/);
