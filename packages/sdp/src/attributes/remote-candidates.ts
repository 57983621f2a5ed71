import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isWord } from '../codec.ts';

/** A candidate of the other side that was selected for a component. */
export interface RemoteCandidate {
  /** 1 to 256: 1 for RTP, 2 for RTCP. */
  readonly component: number;
  readonly address: string;
  readonly port: number;
}

/** `a=remote-candidates` (RFC 8839 §5.2). */
export const remoteCandidates: AttributeCodec<readonly RemoteCandidate[]> = {
  name: 'remote-candidates',
  decode(value) {
    const words = value.split(' ');
    const candidates: RemoteCandidate[] = [];
    for (let i = 0; i < words.length; i += 3) {
      const component = decimal(words[i], 256);
      const address = words[i + 1];
      const port = decimal(words[i + 2], 65535);
      if (!component || !isWord(address) || port === undefined) return MALFORMED;
      candidates.push({ component, address, port });
    }
    return candidates;
  },
  encode: (candidates) => candidates.map(({ component, address, port }) => `${component} ${address} ${port}`).join(' '),
};
