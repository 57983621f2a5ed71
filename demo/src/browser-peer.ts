/** The Node peer that one page talks to: chat, files both ways, statistics. */
import { hostname } from 'node:os';
import { type RTCDataChannel as KaonChannel, RTCPeerConnection } from '@kaon/webrtc';
import type { WebSocket } from 'ws';
import { FILE_PROTOCOL, type FileResult, receiveFile, sendFile } from './file-transfer.ts';
import { readLocalFile, sha256 } from './files.ts';
import { formatBytes, formatRate, messageOf } from './format.ts';
import { CONTROL_LABEL, type ControlMessage, control, readControl } from './protocol.ts';
import type { SharedFiles } from './shared-files.ts';
import { negotiate } from './signaling.ts';
import { readStats } from './stats.ts';

/** What a peer shares with those of other pages. */
export interface BrowserPeerHost {
  readonly files: SharedFiles;
  readonly log: (line: string) => void;
  /** A file came or went. */
  readonly filesChanged: () => void;
}

/** A page that does not read its messages gets no more statistics once this much waits for it. */
const ENOUGH_WAITING = 64 * 1024;

export class BrowserPeer {
  readonly #connection = new RTCPeerConnection({ iceServers: [] });
  readonly #host: BrowserPeerHost;
  readonly #control: KaonChannel;
  readonly #statistics: NodeJS.Timeout;
  readonly #transfers = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(socket: WebSocket, host: BrowserPeerHost) {
    this.#host = host;
    const connection = this.#connection;
    negotiate(connection as never, socket as never, true, (error) => host.log(messageOf(error)));
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') host.log('the connection failed');
    });
    connection.addEventListener('datachannel', ({ channel }) => {
      if (channel.protocol === FILE_PROTOCOL) this.#track(channel.label.replace(/^file:/, ''), this.#receive(channel));
      else channel.close();
    });
    this.#control = connection.createDataChannel(CONTROL_LABEL);
    this.#control.addEventListener('open', () => {
      host.log('connected');
      this.#tell({ type: 'chat', text: `Hello from Node ${process.version} on ${hostname()}.` });
      this.tellFiles();
    });
    this.#control.addEventListener('message', ({ data }) => this.#take(readControl(data)));
    this.#statistics = setInterval(() => {
      if (this.#control.readyState !== 'open' || this.#control.bufferedAmount > ENOUGH_WAITING) return;
      readStats(connection as never)
        .then((stats) => this.#tell({ type: 'stats', stats }))
        .catch((error: unknown) => host.log(messageOf(error)));
    }, 1000);
  }

  /** Tells the page which files there are. */
  tellFiles(): void {
    this.#tell({ type: 'files', files: this.#host.files.list() });
  }

  /** Ends the connection and with it all transfers; resolves when they have cleaned up. */
  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    // Closing a connection tells its own channels nothing (W3C WebRTC §4.4.2).
    this.#over.abort(new Error('the page has gone'));
    clearInterval(this.#statistics);
    this.#connection.close();
    this.#host.log('gone');
    await Promise.all(this.#transfers);
  }

  #tell(message: ControlMessage): void {
    if (this.#control.readyState !== 'open') return;
    try {
      this.#control.send(control(message));
    } catch (error) {
      // Too long for the page, or the page does not read: its loss, and no reason to end the program.
      this.#host.log(messageOf(error));
    }
  }

  #take(message: ControlMessage | undefined): void {
    if (message?.type === 'ping') this.#tell({ type: 'pong', id: message.id });
    else if (message?.type === 'chat') this.#tell({ type: 'chat', text: `You said: ${message.text}` });
    else if (message?.type === 'fetch') this.#track(message.name, this.#send(message.name));
  }

  async #receive(channel: KaonChannel): Promise<void> {
    const { files } = this.#host;
    const result = await receiveFile(channel as never, {
      open: (header) => files.sink(header),
      hash: sha256(),
      signal: this.#over.signal,
    });
    this.#tell({ type: 'chat', text: `Got ${summary(result)}, hash verified.` });
    this.#host.log(`received ${summary(result)}, sha256 ${result.sha256}`);
    this.#host.filesChanged();
  }

  async #send(name: string): Promise<void> {
    // Only names from the list are served: whatever else a page asks for never reaches the file system.
    const file = await this.#host.files.find(name);
    if (file === undefined) {
      this.#tell({ type: 'chat', text: `There is no file ${name.slice(0, 200)} any more.` });
      this.#host.filesChanged();
      return;
    }
    const channel = this.#connection.createDataChannel(`file:${name}`, { protocol: FILE_PROTOCOL });
    const result = await sendFile(channel as never, {
      header: file,
      source: readLocalFile(file),
      hash: sha256(),
      signal: this.#over.signal,
    });
    this.#host.log(`sent ${summary(result)}, sha256 ${result.sha256}`);
  }

  /** Notes a transfer until it ends, well or not. */
  #track(name: string, transfer: Promise<void>): void {
    const noted = transfer
      .catch((error: unknown) => this.#host.log(`${name}: ${messageOf(error)}`))
      .finally(() => this.#transfers.delete(noted));
    this.#transfers.add(noted);
  }
}

function summary({ name, size, duration }: FileResult): string {
  return `${name}, ${formatBytes(size)} at ${formatRate(size, duration)}`;
}
