import type { AttributeCodec } from '../codec.ts';
import { text } from './text.ts';

/**
 * `a=candidate`: an ICE candidate (RFC 8839 §5.1). Its value stays text: candidates that an agent does not understand are
 * to be ignored, not refused, and reading them is the agent's business.
 */
export const candidate: AttributeCodec<string> = text('candidate', /^\S.*$/);
