/** All pages that are open now, each with a connection of its own. */
import type { WebSocket } from 'ws';
import { BrowserPeer } from './browser-peer.ts';
import type { SharedFiles } from './shared-files.ts';

/** Makes a peer for each page and keeps them until they go. */
export class BrowserPeers {
  readonly #files: SharedFiles;
  readonly #log: (line: string) => void;
  readonly #peers = new Set<BrowserPeer>();
  #count = 0;

  constructor(files: SharedFiles, log: (line: string) => void) {
    this.#files = files;
    this.#log = log;
  }

  /** Takes the signaling socket of a page that was just opened. */
  accept(socket: WebSocket): void {
    const name = `page ${++this.#count}`;
    const peer = new BrowserPeer(socket, {
      files: this.#files,
      log: (line) => this.#log(`${name}: ${line}`),
      filesChanged: () => {
        for (const each of this.#peers) each.tellFiles();
      },
    });
    this.#peers.add(peer);
    socket.on('close', () => {
      if (this.#peers.delete(peer)) void peer.close();
    });
  }

  /** Closes all connections; resolves when no transfer touches a file any more. */
  async close(): Promise<void> {
    const peers = [...this.#peers];
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.close()));
  }
}
