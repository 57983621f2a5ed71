import type { Command, PeerEvent, Result } from './protocol.ts';

declare global {
  interface Window {
    /** The agent of an interop page, see page.ts. */
    kaon: {
      handle(command: Command): Promise<Result>;
      events(): Promise<PeerEvent[]>;
    };
  }
}
