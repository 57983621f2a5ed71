import type { AttributeCodec } from './codec.ts';

/** USE-CANDIDATE: the controlling agent nominates the pair that this check tests (RFC 8445 §7.1.2). It has no value. */
export interface UseCandidate {
  readonly type: 'use-candidate';
}

export const useCandidate: AttributeCodec<UseCandidate> = {
  type: 'use-candidate',
  code: 0x0025,
  decode() {
    return { type: 'use-candidate' };
  },
  encode() {},
};
