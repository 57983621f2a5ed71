/** The Node peer that browsers talk to: chat, files both ways, statistics. One connection for each open page. */
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RTCPeerConnection } from '@kaon/webrtc';
import type { WebSocket } from 'ws';
import { FILE_PROTOCOL, receiveFile, sendFile } from './file-transfer.ts';
import { fileSink, type LocalFile, localFile, readLocalFile, sha256 } from './files.ts';
import { CONTROL_LABEL, type ControlMessage, control, readControl, readStats } from './protocol.ts';
import { negotiate } from './signaling.ts';

/** All pages that are open now. */
export class BrowserPeers {
  readonly #directory: string;
  readonly #offered: readonly LocalFile[];
  readonly #peers = new Set<BrowserPeer>();

  /** Uploads go to `directory`; its files and those `offered` can be fetched. */
  constructor(directory: string, offered: readonly LocalFile[]) {
    this.#directory = directory;
    this.#offered = offered;
  }

  /** Takes the signaling socket of a page that was just opened. */
  accept(socket: WebSocket): void {
    const peer = new BrowserPeer(socket, this);
    this.#peers.add(peer);
    socket.on('close', () => {
      this.#peers.delete(peer);
      peer.close();
    });
  }

  close(): void {
    for (const peer of this.#peers) peer.close();
    this.#peers.clear();
  }

  get directory(): string {
    return this.#directory;
  }

  /** The files a page can fetch: what was offered, and what pages have uploaded. */
  async files(): Promise<readonly LocalFile[]> {
    const uploaded = await Promise.all(
      (await readdir(this.#directory)).map((name) => localFile(join(this.#directory, name))),
    );
    const names = new Set(this.#offered.map(({ name }) => name));
    return [...this.#offered, ...uploaded.filter(({ name }) => !names.has(name))];
  }

  /** Tells every page which files there are. */
  async announceFiles(): Promise<void> {
    const files = (await this.files()).map(({ name, size }) => ({ name, size }));
    for (const peer of this.#peers) peer.tell({ type: 'files', files });
  }
}

class BrowserPeer {
  readonly #connection = new RTCPeerConnection({ iceServers: [] });
  readonly #all: BrowserPeers;
  readonly #control: ReturnType<RTCPeerConnection['createDataChannel']>;
  readonly #statistics: NodeJS.Timeout;

  constructor(socket: WebSocket, all: BrowserPeers) {
    this.#all = all;
    negotiate(this.#connection as never, socket as never, true, report);
    this.#control = this.#connection.createDataChannel(CONTROL_LABEL);
    this.#control.addEventListener('open', () => {
      this.tell({ type: 'chat', text: `Hello from Node ${process.version} on ${hostname()}.` });
      all.announceFiles().catch(report);
    });
    this.#control.addEventListener('message', ({ data }) => this.#take(readControl(data)));
    this.#connection.addEventListener('datachannel', ({ channel }) => {
      if (channel.protocol !== FILE_PROTOCOL) return;
      receiveFile(
        channel as never,
        (header) => fileSink(all.directory, header),
        sha256(),
        () => undefined,
      )
        .then(({ name, size }) => {
          this.tell({ type: 'chat', text: `Got ${name}, ${size} bytes, hash verified.` });
          return all.announceFiles();
        })
        .catch(report);
    });
    this.#statistics = setInterval(() => {
      readStats(this.#connection as never)
        .then((stats) => this.tell({ type: 'stats', stats }))
        .catch(report);
    }, 1000);
  }

  tell(message: ControlMessage): void {
    if (this.#control.readyState === 'open') this.#control.send(control(message));
  }

  close(): void {
    clearInterval(this.#statistics);
    this.#connection.close();
  }

  #take(message: ControlMessage | undefined): void {
    if (message?.type === 'ping') this.tell({ type: 'pong', id: message.id });
    else if (message?.type === 'chat') this.tell({ type: 'chat', text: `You said: ${message.text}` });
    else if (message?.type === 'fetch') this.#send(message.name).catch(report);
  }

  async #send(name: string): Promise<void> {
    // Only names from the list are served: whatever else a page asks for never reaches the file system.
    const file = (await this.#all.files()).find((each) => each.name === name);
    if (file === undefined) {
      this.tell({ type: 'chat', text: `There is no file ${name}.` });
      return;
    }
    const channel = this.#connection.createDataChannel(`file:${name}`, { protocol: FILE_PROTOCOL });
    await sendFile(channel as never, file, readLocalFile(file), sha256(), () => undefined);
  }
}

/** Answers each ping on a channel with its pong. */
export function answerPings(channel: RTCDataChannel): void {
  channel.addEventListener('message', ({ data }) => {
    const message = readControl(data);
    if (message?.type === 'ping') channel.send(control({ type: 'pong', id: message.id }));
  });
}

function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
